import type { ShareName } from '../core/ids.ts';
import type { SharePath } from '../core/share-path.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Run } from '../ledger/runs.ts';
import type { FoundFile } from './match-folder.ts';
import { sourceFinder } from './source-of.ts';

type Of = { readonly share: ShareName; readonly run: Pick<Run, 'no'> };

/** The directories with files that an earlier run found alike and could not compare, and where those are from. */
export const awaitedMoves = (
  { looks, recognised }: Pick<Ledger, 'looks' | 'recognised'>,
  share: ShareName,
): ReadonlyMap<SharePath, SharePath> =>
  recognised.keepExpected(share, (dir) => looks.listed(share, dir).values().some(isAwaited));

const isAwaited = ({ facts }: KnownEntry): boolean => facts.batch === 0 && facts.mark === 'alike';

/**
 * Those of the files that were found alike and still are: as long as what was delivered from `was`, which does not stand
 * there again. How many new files came beside them meanwhile does not matter any more.
 */
export function stillAwaited(
  ledger: Pick<Ledger, 'looks' | 'recognised'>,
  { share, run }: Of,
  files: Iterable<KnownEntry>,
  was: SharePath,
): FoundFile<KnownEntry['entry']>[] {
  const sourceOf = sourceFinder(ledger, share, was);
  const standing = new Map<SharePath, ReadonlyMap<string, KnownEntry>>();
  const found: FoundFile<KnownEntry['entry']>[] = [];
  for (const known of files) {
    const { name, size } = known.entry;
    const source = isAwaited(known) ? sourceOf(name) : undefined;
    if (source?.entry.size !== size) continue;
    const there = standing.get(source.was) ?? ledger.looks.listed(share, source.was, run.no);
    standing.set(source.was, there);
    if (there.has(name)) continue;
    found.push({ file: known.entry, was: source.was, batch: source.batch });
  }
  return found;
}
