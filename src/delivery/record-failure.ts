import { batchIdOf } from '../batch/batch-id.ts';
import { IngestError } from '../core/errors.ts';
import type { Batch, BatchPlan } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
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
      if (decision.forgetContainer)
        containers.forget(batch.destination, laneContainer(batch, parts), batch.id);
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
    case 'withdraw':
      batches.withdraw(batch, words, { paths: [], mark: 'none' });
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

/** The batch is cut again without the bad files, at once: their neighbours do not wait. */
function recut(
  batch: Batch,
  words: BatchError,
  { paths, mark }: Extract<Decision, { do: 'recut' }>,
  { ledger }: DeliveryParts,
): void {
  const bad = new Set(paths);
  const files = batch.files.filter(({ path }) => !bad.has(path));
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const plan: BatchPlan = { ...batch, files, bytes };
  const rest = files.length === 0 ? undefined : { ...plan, id: batchIdOf(plan) };
  ledger.batches.recut(batch, words, { paths: paths as readonly SharePath[], mark }, rest);
}
