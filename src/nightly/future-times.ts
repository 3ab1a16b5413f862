import { joinPath, printable, type SharePath } from '../core/share-path.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import type { Run } from '../ledger/runs.ts';

/**
 * Files dated later than our own first look at them: nobody wrote them after we saw them, so the clock that dated them is
 * ahead of ours, or the date is wrong. It changes nothing: settling goes by our clock. Times in ms.
 */
export type FutureTimes = {
  readonly share: string;
  readonly files: number;
  /** How far the share's clock is ahead of ours, at the least; undefined when only dates are seen that no clock gives. */
  readonly clockAheadMs?: number;
  /** Those furthest ahead. */
  readonly examples: readonly {
    readonly path: string;
    readonly modifiedAt: number;
    readonly aheadMs: number;
  }[];
};

/** Less than this is rounding of a file server. */
const ROUNDING_MS = 2000;
/** No clock that anybody works by is further off, a wrong time zone included: such a date is simply wrong. */
const WRONG_DATE_MS = 26 * 3_600_000;
const EXAMPLES = 20;

/** Follows the entries of one share as they are judged. */
export function watchTimes(share: string, run: Pick<Run, 'startedAt'>) {
  let [files, clockAheadMs] = [0, 0];
  let examples: FutureTimes['examples'][number][] = [];
  return {
    /** Files of this run, and older ones that are dated after it still. */
    see: (dir: SharePath, { entry, facts: { since } }: KnownEntry): void => {
      const modifiedAt = Number(entry.mtimeNs / 1_000_000n);
      const aheadMs = modifiedAt - since;
      if (entry.kind !== 'file' || aheadMs <= ROUNDING_MS) return;
      if (since < run.startedAt && modifiedAt <= run.startedAt) return;
      files += 1;
      if (aheadMs <= WRONG_DATE_MS) clockAheadMs = Math.max(clockAheadMs, aheadMs);
      examples.push({ path: printable(joinPath(dir, entry.name)), modifiedAt, aheadMs });
      if (examples.length >= 2 * EXAMPLES) examples = furthest(examples);
    },
    found: (): FutureTimes[] =>
      files === 0
        ? []
        : [{ share, files, ...(clockAheadMs === 0 ? {} : { clockAheadMs }), examples: furthest(examples) }],
  };
}

const furthest = <T extends { readonly aheadMs: number }>(all: readonly T[]): T[] =>
  all.toSorted((a, b) => b.aheadMs - a.aheadMs).slice(0, EXAMPLES);
