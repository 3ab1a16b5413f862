import type { Entry, PlannedFile } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import { mayHaveArrived } from '../ledger/batch-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** Whether an earlier version of this path has reached the destination, so that this one must not go over it. */
export type IsAddendum = (prior: number, path: SharePath, entry: Entry) => boolean;

/** Remembers the lists of withdrawn batches: files are judged one after another. */
export function addendumView({ batches }: Pick<Ledger, 'batches'>): IsAddendum {
  const lists = new Map<number, ReadonlyMap<SharePath, PlannedFile>>();
  return (prior, path, entry) => {
    const head = prior === 0 ? undefined : batches.headByNo(prior);
    if (head === undefined || !mayHaveArrived(head)) return false;
    // Freed from a withdrawn batch it may be no other version at all: then it goes where that one went. An addendum
    // is one all the same: something earlier may be in the place itself.
    if (head.state !== 'withdrawn' || head.addendum) return true;
    const list = lists.get(prior) ?? new Map(batches.get(head.id).files.map((file) => [file.path, file]));
    lists.set(prior, list);
    const was = list.get(path);
    return was === undefined || was.size !== entry.size || was.mtimeNs !== entry.mtimeNs;
  };
}
