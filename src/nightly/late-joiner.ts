import type { BatchId } from '../core/ids.ts';
import type { DatasetAt } from '../ledger/first-batch.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** The first batch of a dataset: what comes after it joins late, and follows it. */
export type FirstBatch = (of: DatasetAt) => BatchId | undefined;

/** Remembers the last answer: files and batches come dataset by dataset. */
export function firstBatches({ firstBatchOf }: Pick<Ledger, 'firstBatchOf'>): FirstBatch {
  let last: { readonly of: DatasetAt; readonly first: BatchId | undefined } | undefined;
  return (of) => {
    if (last === undefined || !isSame(last.of, of)) last = { of, first: firstBatchOf(of) };
    return last.first;
  };
}

function isSame(a: DatasetAt, b: DatasetAt): boolean {
  return (
    a.dataset === b.dataset && a.share === b.share && a.owner === b.owner && a.destination === b.destination
  );
}
