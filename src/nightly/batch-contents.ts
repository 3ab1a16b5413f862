import { printable } from '../core/share-path.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** What a batch is, where the directory of its dataset does not tell it from the others of an evening. */
export type BatchContents = {
  /** Of a batch of one file that is not the dataset itself. */
  readonly file?: string;
  /** The first of those that the batch joins; its dataset is the folder that they have in common. */
  readonly datasets?: readonly string[];
  /** How many more it joins. */
  readonly moreDatasets?: number;
};

const SHOWN = 5;

export function contentsOf(
  { batches, joinedIn }: Pick<Ledger, 'batches' | 'joinedIn'>,
  { id, no, files, dataset }: BatchHead,
): BatchContents {
  if (files === 1) {
    const path = batches.get(id).files[0]?.path ?? dataset;
    return path === dataset ? {} : { file: printable(path) };
  }
  const joined = joinedIn(no);
  if (joined.length === 0) return {};
  const datasets = joined.slice(0, SHOWN).map(printable);
  return joined.length > SHOWN ? { datasets, moreDatasets: joined.length - SHOWN } : { datasets };
}
