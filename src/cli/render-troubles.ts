import { printable } from '../core/share-path.ts';
import { count, formatBytes } from '../core/units.ts';
import type { Trouble } from '../nightly/report-troubles.ts';
import type { Note } from '../nightly/tally.ts';
import { clockTime } from './style.ts';

/** A paragraph for each trouble: what, since when, the destination's own words, what waits, what helps. */
export function troubleLines(troubles: readonly Trouble[], now: number): string[] {
  return [...manyTokens(troubles), ...troubles.flatMap((trouble) => paragraph(trouble, now))];
}

const MANY = 3;

/** Tokens do not die together: before many people are asked for new ones somebody should look at the platform. */
function manyTokens(troubles: readonly Trouble[]): string[] {
  const refused = troubles.filter(({ code }) => code === 'TOKEN_REJECTED');
  return [...Map.groupBy(refused, ({ destination }) => destination)].flatMap(([destination, of]) =>
    of.length < MANY
      ? []
      : [
          `${destination} refuses the tokens of ${count(of.length, 'owner')} at once.`,
          '  → Look at its user management, and whether it was upgraded or moved, before you ask them for new tokens.',
        ],
  );
}

function paragraph(trouble: Trouble, now: number): string[] {
  return [
    printable(trouble.what),
    `    since ${clockTime(trouble.since, now)}${waitingText(trouble)}`,
    ...(trouble.said === undefined ? [] : [`    ${trouble.said} (${trouble.code})`]),
    ...trouble.help.map((sentence, at) => `  ${at === 0 ? '→' : ' '} ${printable(sentence)}`),
  ];
}

function waitingText({ waits, datasets, moreDatasets }: Trouble): string {
  if (waits.batches === 0) return '';
  const more = moreDatasets > 0 ? ` and ${moreDatasets} more` : '';
  return ` · not delivered: ${count(waits.files, 'file')}, ${formatBytes(waits.bytes)} of ${datasets.join(', ')}${more}`;
}

/** One line for all that is held, or rejected, for what is told as a trouble: it says why, and what helps. */
export function toldAbove(notes: readonly Note[]): string[] {
  if (notes.length === 0) return [];
  const [files, bytes] = [sum(notes.map((one) => one.files)), sum(notes.map((one) => one.bytes))];
  return [
    `held or rejected for what went wrong (above): ${count(files, 'file')}, ${formatBytes(bytes)} in ${count(notes.length, 'place')}`,
  ];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** Whether the note is of files that a trouble tells of. */
export function isToldBy(
  troubles: readonly Trouble[],
  { bucket, owner, code, batch, reason }: Note,
): boolean {
  if (bucket !== 'held' && bucket !== 'rejected') return false;
  return troubles.some((trouble) => {
    if (trouble.waits.batches === 0 || (trouble.owner ?? owner) !== owner) return false;
    // A file that was taken out of its batch.
    if (batch === undefined) return bucket === 'rejected' && reason === trouble.said;
    return code === undefined
      ? trouble.said !== undefined && reason.endsWith(`: ${trouble.said}`)
      : trouble.code === code;
  });
}
