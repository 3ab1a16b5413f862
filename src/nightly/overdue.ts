import type { ShareName } from '../core/ids.ts';
import { quoted, type SharePath } from '../core/share-path.ts';
import { count, formatBytes } from '../core/units.ts';
import type { Waiting } from '../ledger/waiting.ts';
import type { Keep } from './kept-datasets.ts';

/** A dataset that has not settled for so many nights that a person should look, and what may be the cause. */
export type Overdue = { readonly nights: number; readonly since: number; readonly guess: string };

/** Undefined while it is only as slow as others. */
export function overdueOf(keep: Keep, waiting: Waiting | undefined): Overdue | undefined {
  if (waiting === undefined || !waiting.overdue) return undefined;
  const { nights, since } = waiting;
  return { nights, since, guess: guessCause(keep, waiting) };
}

/** A guess, and worded as one: what a person would look at first. */
function guessCause(keep: Keep, { nights, first, last }: Waiting): string {
  if (keep.goes !== undefined) return `what it needs never came: ${keep.what}`;
  const perNight = (last.bytes - first.bytes) / Math.max(1, nights - 1);
  if (perNight > 0) return `it is still growing, by about ${formatBytes(perNight)} a night`;
  if (last.files !== first.files)
    return `files come and go in it: ${count(last.files, 'file')} now, ${count(first.files, 'file')} at first`;
  if (perNight < 0)
    return `it is getting smaller, by about ${formatBytes(-perNight)} a night: somebody works in it`;
  return 'its times change but not its size: something touches or rewrites it without adding anything, such as a viewer, a backup or a virus scanner';
}

/** The two commands, ready to copy. */
export function helpForOverdue(share: ShareName, dataset: SharePath): string {
  const where = quoted(`${share}:${dataset}`);
  return `Look what still writes there. Send it as it is: nightjar force ${where}. Leave it out: nightjar exclude ${where} --reason "why". Both show first what they would do.`;
}
