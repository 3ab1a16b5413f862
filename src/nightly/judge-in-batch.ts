import { isDelivered } from '../core/states.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import { type Pause, pauseOf } from '../ledger/pauses.ts';
import type { JudgeParts, Verdict } from './judge.ts';

type Parts = Pick<JudgeParts, 'isOfRun' | 'pauses' | 'putBackBy'>;
type Judged = Pick<Verdict, 'bucket' | 'reason' | 'earliest'>;

/** Where a file stands that a batch holds. */
export function byBatch(
  batch: BatchHead,
  parts: Parts,
): Pick<Verdict, 'owner' | 'bucket' | 'reason' | 'earliest' | 'batch' | 'dataset' | 'follows'> {
  const { owner, dataset, follows } = batch;
  const base = { owner, dataset, batch, ...(follows === undefined ? {} : { follows }) };
  if (isDelivered(batch.state)) {
    const bucket = parts.isOfRun(batch.changedAt) ? 'delivered' : 'unchanged';
    return { ...base, bucket, reason: batch.receipt?.how ?? batch.state };
  }
  if (batch.state === 'held' || batch.state === 'rejected')
    return { ...base, bucket: batch.state, reason: batch.error?.message ?? batch.state };
  const pause = pauseOf(parts.pauses, batch);
  return { ...base, ...(pause === undefined ? onItsWay(batch, parts) : pausedFor(pause)) };
}

function pausedFor(pause: Pause): Judged {
  const end = pause.until ?? pause.probeAt;
  // An outage needs nobody: what meets it goes by itself when it is over.
  const bucket = pause.probes === undefined ? 'held' : 'waiting';
  return { bucket, reason: pauseReason(pause), ...(end === undefined ? {} : { earliest: end }) };
}

function onItsWay({ no, state, error, notBefore, attempts }: BatchHead, parts: Parts): Judged {
  if (error === undefined || state !== 'planned')
    return { bucket: 'waiting', reason: `the batch is ${state}` };
  const by = attempts === 0 ? parts.putBackBy(no) : undefined;
  if (by !== undefined)
    return { bucket: 'waiting', reason: `${error.message.replace(/\.$/, '')}; put back by a person (${by})` };
  // 0: at once, as after a requeue.
  const earliest = notBefore === 0 ? {} : { earliest: notBefore };
  return { bucket: 'waiting', reason: `will be tried again: ${error.message}`, ...earliest };
}

function pauseReason({ kind, name, reason, probes }: Pause): string {
  if (probes !== undefined) return `destination ${name} is away: ${reason}`;
  return `deliveries of ${kind} ${name} are on hold: ${reason}`;
}
