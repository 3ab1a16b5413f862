import type { Clock } from '../core/clock.ts';
import { decodeListing } from '../core/listing.ts';
import type { Entry } from '../core/model.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import { type ScanTarget, scanShare } from '../share/scan-share.ts';

/** Every entry below a folder that is no directory, by its path from there. */
export type FolderLook = ReadonlyMap<SharePath, Entry>;

export type LookOptions = { readonly clock: Clock; readonly stallMs: number; readonly signal: AbortSignal };

/** Looks at everything below `target.root` in a child process: names and lstat only. Fails as `scanShare` does. */
export async function lookAtFolder(target: ScanTarget, options: LookOptions): Promise<FolderLook> {
  const scan = scanShare(target, options);
  const found = new Map<SharePath, Entry>();
  // A directory that could not be listed is one entry without a name.
  for await (const looks of scan.looks)
    for (const { dir, listing } of looks)
      for (const entry of decodeListing(listing))
        found.set(entry.name === '' ? dir : joinPath(dir, entry.name), entry);
  scan.totals();
  return found;
}

/** What a later look has against an earlier one, by path; a file is the same with the same kind, size and time. */
export function differences(before: FolderLook, now: FolderLook): Map<SharePath, string> {
  const found = new Map<SharePath, string>();
  for (const [path, entry] of now) {
    const was = before.get(path);
    if (was === undefined) found.set(path, 'it is new');
    else if (!isSame(was, entry)) found.set(path, 'it is another now (kind, size or time)');
  }
  for (const path of before.keys()) if (!now.has(path)) found.set(path, 'it is gone');
  return found;
}

type Compared = Pick<Entry, 'kind' | 'size' | 'mtimeNs'>;

export const isSame = (a: Compared, b: Compared): boolean =>
  a.kind === b.kind && a.size === b.size && a.mtimeNs === b.mtimeNs;
