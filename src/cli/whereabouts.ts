import type { ShareName } from '../core/ids.ts';
import { parseRefusal } from '../core/refusal.ts';
import { parentOf, printable, type SharePath } from '../core/share-path.ts';
import type { FoundEntry } from '../ledger/looks.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Amount } from '../nightly/tally.ts';
import { isWithin } from './find-causes.ts';

type Asked = Pick<Ledger, 'looks' | 'scans'>;

/** Whether the last look that is believed saw a file's directory; gone is never said of what it could not reach. */
export function whereabouts(
  ledger: Asked,
  { share, path }: { readonly share: ShareName; readonly path: SharePath },
  { runNo, unknownIn }: Pick<FoundEntry, 'runNo' | 'unknownIn'>,
): { readonly gone: boolean; readonly unknown: string | undefined } {
  const last = ledger.scans.lastLooked(share);
  if (runNo >= last && unknownIn <= runNo) return { gone: false, unknown: undefined };
  if (unknownIn >= last) return { gone: false, unknown: unlistedAbove(ledger, { share, path, last }) };
  return { gone: true, unknown: undefined };
}

/** Names the directory above that could not be listed. */
function unlistedAbove(
  { looks }: Asked,
  { share, path, last }: { readonly share: ShareName; readonly path: SharePath; readonly last: number },
): string {
  for (let above = parentOf(path); above !== ''; above = parentOf(above)) {
    const found = looks.find(share, above);
    // What an earlier walk could not list may be out of reach itself by now.
    if (found?.entry.error !== undefined && found.runNo >= last)
      return `${printable(above)} cannot be listed (${parseRefusal(found.entry.error)?.errno ?? 'unknown error'})`;
  }
  return `${printable(parentOf(path))} cannot be listed`;
}

/** What is known at or below a directory and the last look could not reach; undefined when it is nothing. */
export function amountUnknown(
  { looks, scans }: Asked,
  share: ShareName,
  path: SharePath,
): Amount | undefined {
  const amount = { files: 0, bytes: 0 };
  for (const { dir, entries } of looks.outOfReach(share, scans.lastLooked(share))) {
    if (!isWithin(dir, path)) continue;
    amount.files += entries.length;
    for (const { entry } of entries) amount.bytes += entry.size;
  }
  return amount.files === 0 ? undefined : amount;
}
