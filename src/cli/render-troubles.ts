import { printable } from '../core/share-path.ts';
import { count, formatBytes } from '../core/units.ts';
import type { Trouble } from '../nightly/report-troubles.ts';
import { clockTime } from './style.ts';

/** A paragraph for each trouble: what, since when, the destination's own words, what waits, what helps. */
export function troubleLines(troubles: readonly Trouble[], now: number): string[] {
  return troubles.flatMap((trouble) => [
    printable(trouble.what),
    `    since ${clockTime(trouble.since, now)}${waitingText(trouble)}`,
    ...(trouble.said === undefined ? [] : [`    ${trouble.said} (${trouble.code})`]),
    ...trouble.help.map((sentence, at) => `  ${at === 0 ? '→' : ' '} ${printable(sentence)}`),
  ]);
}

function waitingText({ waits, datasets, moreDatasets }: Trouble): string {
  if (waits.batches === 0) return '';
  const more = moreDatasets > 0 ? ` and ${moreDatasets} more` : '';
  return ` · not delivered: ${count(waits.files, 'file')}, ${formatBytes(waits.bytes)} of ${datasets.join(', ')}${more}`;
}
