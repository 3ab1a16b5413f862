import { batchIdOf } from '../batch/batch-id.ts';
import { IngestError } from '../core/errors.ts';
import type { Batch, BatchPlan } from '../core/model.ts';
import { type BatchError, batchError } from '../ledger/batch-row.ts';
import { type Decision, decide } from './decide.ts';
import type { DeliveryParts } from './deliver-batch.ts';

/** Records what is done about an attempt that failed, and says so. */
export function recordFailure(
  batch: Batch,
  error: IngestError,
  parts: DeliveryParts,
  { stopped }: { readonly stopped: boolean },
): void {
  const now = parts.clock.now();
  const decision = decide(
    error,
    { attempts: batch.attempts, now, random: Math.random, stopped },
    parts.retry,
  );
  try {
    carryOut(batch, error, decision, parts);
  } catch (thrown) {
    // A newer attempt has the batch: its own result counts.
    if (!(thrown instanceof IngestError && thrown.code === 'LEASE_LOST')) throw thrown;
  }
  parts.emit({ name: 'delivery.failed', batch, error, decided: decision.do });
}

function carryOut(batch: Batch, error: IngestError, decision: Decision, parts: DeliveryParts): void {
  const { batches, containers } = parts.ledger;
  const now = parts.clock.now();
  const words = batchError(error, now);
  switch (decision.do) {
    case 'retry': {
      if (decision.forgetContainer) containers.forget(batch.destination, laneContainer(batch, parts));
      batches.fail(batch, { to: 'planned', error: words, notBefore: decision.notBefore });
      return;
    }
    case 'hold':
      batches.fail(batch, { to: 'held', error: words });
      pause(batch, error, decision.pause, parts);
      return;
    case 'reject':
      batches.fail(batch, { to: 'rejected', error: words });
      return;
    case 'recut':
      recut(batch, words, decision, parts);
      return;
    case 'interrupt':
      batches.interrupt(batch, now);
      return;
    case 'nothing':
      return;
  }
}

function laneContainer(batch: Batch, parts: DeliveryParts): string {
  return parts.destination(batch.destination).containerName(batch);
}

function pause(
  batch: Batch,
  error: IngestError,
  what: 'lane' | 'destination' | undefined,
  parts: DeliveryParts,
): void {
  if (what === undefined) return;
  const name = what === 'lane' ? parts.ledger.batches.head(batch.id).lane : batch.destination;
  const since = parts.clock.now();
  parts.ledger.pauses.put({
    kind: what,
    name,
    reason: error.message,
    since,
    until: undefined,
    code: error.code,
  });
}

/** The batch is withdrawn and planned again without the one file, at once: its neighbours do not wait. */
function recut(
  batch: Batch,
  words: BatchError,
  decision: Extract<Decision, { do: 'recut' }>,
  parts: DeliveryParts,
): void {
  const { batches } = parts.ledger;
  const { lane, runNo } = batches.head(batch.id);
  const now = parts.clock.now();
  batches.withdraw(batch, { ...words, path: decision.path }, decision.mark);
  const files = batch.files.filter(({ path }) => path !== decision.path);
  if (files.length === 0) return;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const plan: BatchPlan = { ...batch, files, bytes };
  batches.plan({ ...plan, id: batchIdOf(plan) }, { lane, at: now, runNo });
}
