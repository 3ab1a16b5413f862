import type { DatabaseSync } from 'node:sqlite';
import type { Batch } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import type { BadFiles } from './batch-move.ts';
import { type BatchHead, mayHaveArrived } from './batch-row.ts';
import type { Facts } from './facts.ts';
import type { Looks } from './looks.ts';
import { dirsMovedInto } from './recognised.ts';

/**
 * Frees what a batch holds, to be planned again, also what is away from its place just now: it would wait for this
 * batch for ever when it comes back. All of it remembers the batch if that may have arrived, so that no later version
 * goes over it. The bad ones get the mark and settle anew. Answers with the files of its list that it holds no more,
 * as another version of them is known.
 */
export function freeFiles(
  { db, looks }: { readonly db: DatabaseSync; readonly looks: Looks },
  batch: Batch,
  head: BatchHead,
  { bad, at }: { readonly bad: BadFiles; readonly at: number },
): ReadonlySet<SharePath> {
  const { no } = head;
  const prior = mayHaveArrived(head) ? { prior: no } : {};
  const badPaths = new Set(bad.paths);
  const held = new Set<SharePath>();
  const known = new Set<SharePath>();
  const free = (facts: Facts, path: SharePath): Facts => {
    known.add(path);
    if (facts.batch !== no) return facts;
    held.add(path);
    const freed = { ...facts, ...prior, batch: 0 };
    if (badPaths.has(path)) return { ...freed, since: at, mark: bad.mark };
    return facts.mark === 'left' ? { ...freed, mark: 'none' } : freed;
  };
  looks.assignEver(batch.share, [...new Set([...batch.files.map(({ path }) => path), ...badPaths])], free);
  // Files that were moved since are held by no other batch: they are planned where they are now.
  for (const dir of dirsMovedInto(db, no)) looks.release(batch.share, dir, no);
  return known.difference(held);
}
