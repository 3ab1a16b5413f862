import { systemClock } from '../../src/core/clock.ts';
import { shareName } from '../../src/core/ids.ts';
import { decodeListing } from '../../src/core/listing.ts';
import type { Entry } from '../../src/core/model.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import { type ScanOptions, type ScanTarget, type ScanTotals, scanShare } from '../../src/share/scan-share.ts';

export type ReadScan = {
  readonly dirs: ReadonlyMap<SharePath, readonly Entry[]>;
  readonly totals: ScanTotals;
  /** The entry at a path; throws when there is none. */
  readonly entry: (path: string) => Entry;
};

/** Scans to the end and keeps everything; a directory that came twice is an error. */
export async function readScan(
  root: string,
  options: Partial<ScanOptions> & Pick<ScanTarget, 'readAs'> = {},
): Promise<ReadScan> {
  const { readAs, ...rest } = options;
  const target = { name: shareName('lab'), root, ...(readAs === undefined ? {} : { readAs }) };
  const scan = scanShare(target, { ...scanDefaults(), ...rest });
  const dirs = new Map<SharePath, readonly Entry[]>();
  for await (const looks of scan.looks) {
    for (const look of looks) {
      if (dirs.has(look.dir)) throw new Error(`two looks at ${JSON.stringify(look.dir)}`);
      const entries = decodeListing(look.listing);
      if (entries.length !== look.files)
        throw new Error(`${look.dir} counts ${look.files} of ${entries.length}`);
      dirs.set(look.dir, entries);
    }
  }
  return {
    dirs,
    totals: scan.totals(),
    entry: (path) => {
      const cut = path.lastIndexOf('/');
      const dir = (cut < 0 ? '' : path.slice(0, cut)) as SharePath;
      const found = dirs.get(dir)?.find((entry) => entry.name === path.slice(cut + 1));
      if (found === undefined) throw new Error(`no entry ${JSON.stringify(path)}`);
      return found;
    },
  };
}

export const scanDefaults = (): ScanOptions => ({
  stallMs: 30_000,
  signal: new AbortController().signal,
  clock: systemClock,
});
