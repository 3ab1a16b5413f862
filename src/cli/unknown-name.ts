import { withNearest } from '../config/nearest.ts';
import { IngestError } from '../core/errors.ts';
import { printable } from '../core/share-path.ts';

const MOST_NAMES = 20;

/** USAGE for a name that is none of `known`, with the nearest of them and the list. */
export function unknownName(what: string, name: string, known: readonly string[]): IngestError {
  const { nearest } = withNearest(name, known);
  const list = known.length > MOST_NAMES ? [...known.slice(0, MOST_NAMES), '…'] : known;
  const all = known.length === 0 ? `No ${what} is configured.` : `Known: ${list.join(', ')}.`;
  const hint = nearest === undefined ? all : `Did you mean ${nearest}? ${all}`;
  return new IngestError('USAGE', `there is no ${what} called ${printable(name)}`, { hint });
}
