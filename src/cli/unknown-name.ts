import { withNearest } from '../config/nearest.ts';
import { IngestError } from '../core/errors.ts';
import { printable } from '../core/share-path.ts';

const MOST_NAMES = 20;

/** USAGE for a name that is none of `known`, with the nearest of them and the list, or what is said in its place. */
export function unknownName(
  what: string,
  name: string,
  known: readonly string[],
  all = listOf(what, known),
): IngestError {
  const { nearest } = withNearest(name, known);
  const hint = nearest === undefined ? all : `Did you mean ${nearest}? ${all}`;
  return new IngestError('USAGE', `there is no ${what} called ${printable(name)}`, { hint });
}

function listOf(what: string, known: readonly string[]): string {
  const list = known.length > MOST_NAMES ? [...known.slice(0, MOST_NAMES), '…'] : known;
  return known.length === 0 ? `No ${what} is configured.` : `Known: ${list.join(', ')}.`;
}
