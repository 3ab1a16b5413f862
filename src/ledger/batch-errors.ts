import { IngestError } from '../core/errors.ts';
import type { BatchId } from '../core/ids.ts';

/** USAGE: there is no such batch. */
export function unknownBatch(id: BatchId): IngestError {
  return new IngestError('USAGE', `there is no batch ${id} in the ledger`, {
    hint: '`nightjar status` lists the batches.',
  });
}

/** LEASE_LOST: another attempt has the batch, or it has moved on. */
export function leaseLost(id: BatchId, what: string): IngestError {
  return new IngestError(
    'LEASE_LOST',
    `batch ${id} may not ${what}: another attempt has it, or it has moved on`,
    {
      hint: 'Nothing to do: the newer attempt records its own result.',
      context: { batchId: id },
    },
  );
}
