import type { Entry } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Source } from '../ledger/vanished.ts';

type Fresh = Pick<Entry, 'name' | 'size' | 'mtimeNs'>;

/** A fresh file, where it was when it was delivered, and the batch that delivered it. */
export type FoundFile<File extends Fresh> = Source & { readonly file: File };

/** `from`: where it was delivered from, if others of its folder went on to `was` and were known again there. */
export type Candidate = Source & { readonly from?: SharePath };

/** The folder that fresh files were in when they were delivered, and the batch that delivered each of them. */
export type FolderMatch<File extends Fresh> = {
  readonly was: SharePath;
  readonly files: readonly FoundFile<File>[];
};

/**
 * Fresh files of one folder against what has vanished: the same folder under another name when at least half of its
 * files have the name, size and time of files that vanished from one place. The place with the most of them counts.
 */
export function matchFolder<File extends Fresh>(
  fresh: readonly File[],
  sourcesOf: (file: File) => readonly Candidate[],
): FolderMatch<File> | undefined {
  const places = new Map<SharePath, FoundFile<File>[]>();
  for (const file of fresh) {
    const seen = new Set<SharePath>();
    for (const { was, batch, from = was } of sourcesOf(file)) {
      if (seen.has(was)) continue;
      seen.add(was);
      const there = places.get(was) ?? [];
      there.push({ file, batch, was: from });
      places.set(was, there);
    }
  }
  const [best] = [...places].sort(([a, inA], [b, inB]) => inB.length - inA.length || (a < b ? -1 : 1));
  if (best === undefined) return undefined;
  const [was, files] = best;
  return files.length * 2 >= fresh.length ? { was, files } : undefined;
}
