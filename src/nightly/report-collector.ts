import { COLLECTOR_CODES } from '../core/owner-reason.ts';
import { printable } from '../core/share-path.ts';
import type { Collected } from '../ledger/collected.ts';
import type { Amount } from './tally.ts';

/** What lies with the collector: how much, why, since when, and where the most of it is. Times in ms since 1970. */
export type CollectorReport = Amount & {
  /** When the oldest of it was delivered; null: there is nothing. */
  readonly oldest: number | null;
  readonly byCode: readonly (Amount & { readonly code: string; readonly oldest: number })[];
  /** The largest; `moreFolders` are not listed. */
  readonly folders: readonly CollectedFolder[];
  readonly moreFolders: number;
  /** `collector.warn_above` of folders.yaml, and whether it is passed. */
  readonly warnAbove?: number;
  readonly over: boolean;
};

type CollectedFolder = Amount & {
  readonly share: string;
  readonly where: string;
  readonly code: string;
  readonly reason: string;
  readonly since: number;
};

const MOST_FOLDERS = 20;
/** Batches that were planned before there were codes. */
const NO_CODE = '-';

export function collectorReport(
  collected: readonly Collected[],
  warnAbove: number | undefined,
): CollectorReport {
  const all = sumOf(collected);
  const codes = [...COLLECTOR_CODES, NO_CODE];
  return {
    ...all,
    oldest: collected.length === 0 ? null : oldestOf(collected),
    byCode: codes.flatMap((code) => {
      const some = collected.filter((one) => (one.code ?? NO_CODE) === code);
      return some.length === 0 ? [] : [{ code, ...sumOf(some), oldest: oldestOf(some) }];
    }),
    folders: collected.slice(0, MOST_FOLDERS).map(folderOf),
    moreFolders: Math.max(0, collected.length - MOST_FOLDERS),
    ...(warnAbove === undefined ? {} : { warnAbove }),
    over: warnAbove !== undefined && all.bytes > warnAbove,
  };
}

const folderOf = ({ share, dataset, code, reason, files, bytes, since }: Collected) => ({
  ...{ share, where: printable(dataset), code: code ?? NO_CODE, reason, files, bytes, since },
});

function sumOf(some: readonly Collected[]): Amount {
  return {
    files: some.reduce((sum, { files }) => sum + files, 0),
    bytes: some.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

const oldestOf = (some: readonly Collected[]): number =>
  some.reduce((oldest, { since }) => Math.min(oldest, since), Infinity);
