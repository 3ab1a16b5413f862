import type { IngestError } from '../core/errors.ts';
import type { Batch } from '../core/model.ts';
import { batchError } from '../ledger/batch-row.ts';
import type { DeliveryParts } from './deliver-batch.ts';
import { unlessTaken } from './unless-taken.ts';

/** Puts a batch back whose attempt met an outage of its destination: the attempt does not count, and it goes when that is over. */
export function putBack(batch: Batch, error: IngestError, parts: DeliveryParts): void {
  const words = batchError(error, parts.clock.now());
  // Where a newer attempt has the batch its own result counts.
  unlessTaken(() => parts.ledger.batches.fail(batch, { to: 'planned', error: words, counts: false }));
  parts.emit({ name: 'delivery.put-back', batch, error });
}
