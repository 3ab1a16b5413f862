import { asIngestError } from '../core/errors.ts';
import type { BatchId } from '../core/ids.ts';
import { batchError } from '../ledger/batch-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { DeliveryParts } from './deliver-batch.ts';

type Parts = Pick<DeliveryParts, 'clock' | 'retry'> & { readonly ledger: Pick<Ledger, 'unrecorded'> };

/** An attempt that throws has recorded nothing: at least that is noted, so that the batch does not go again at once. */
export async function noteUnrecorded(
  id: BatchId,
  attempt: Promise<void>,
  { ledger, clock, retry }: Parts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await attempt;
  } catch (thrown) {
    // One that was stopped is no fault of its batch.
    if (!signal.aborted) {
      const words = batchError(asIngestError(thrown, `deliver batch ${id}`), clock.now());
      try {
        ledger.unrecorded.note(id, words, retry);
      } catch {
        // A ledger that cannot be written stops whatever would go again, too; what began it is told.
      }
    }
    throw thrown;
  }
}
