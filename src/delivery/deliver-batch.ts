import type { Clock } from '../core/clock.ts';
import type { ContainerMetadata } from '../core/container-metadata.ts';
import type { Content } from '../core/content.ts';
import { asIngestError, IngestError } from '../core/errors.ts';
import type { BatchId, DestinationName } from '../core/ids.ts';
import type { Batch, Receipt } from '../core/model.ts';
import type { Secret } from '../core/secret.ts';
import type { Standstill } from '../core/standstill.ts';
import type { Call, Destination } from '../destinations/destination.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Tier } from '../tiering/tier.ts';
import type { Breaker } from './breaker.ts';
import type { RetryPolicy } from './decide.ts';
import type { DeliveryEvent } from './delivery-event.ts';
import { type CheckStep, findSent, noteWhole } from './find-sent.ts';
import { openContainer } from './open-container.ts';
import { putBack } from './put-back.ts';
import { recordFailure } from './record-failure.ts';
import { sendAndClose } from './send-and-close.ts';
import { unlessTaken } from './unless-taken.ts';

export type DeliveryParts = {
  readonly ledger: Pick<
    Ledger,
    | 'batches'
    | 'containers'
    | 'containerDocuments'
    | 'lostContainers'
    | 'openings'
    | 'outcomes'
    | 'cuts'
    | 'transaction'
    | 'pauses'
    | 'looks'
  >;
  readonly destination: (name: DestinationName) => Destination;
  /** The owner's credential for the destination; undefined where none is needed. Throws what keeps it from being used. */
  readonly token: (batch: Batch, signal: AbortSignal) => Promise<Secret | undefined>;
  /** With this token the batch's container was made in this account, as the destination told. Throws when it is somebody else's. */
  readonly accountIs: (batch: Batch, account: string, call: Call) => Promise<void>;
  readonly content: (batch: Batch) => Content;
  /** What is to be said of the batch's container. */
  readonly metadata: (batch: Batch) => ContainerMetadata;
  /** Throws MAPPING_CHANGED when the mapping of today says that a file is somebody else's; OUTCOME_UNKNOWN when it may be there. */
  readonly checkOwner: (batch: Batch, step: CheckStep) => void;
  readonly tier: Tier;
  /** Who is told when nothing moves in the delivery of a batch. */
  readonly standstill: (id: BatchId) => Standstill;
  readonly clock: Clock;
  readonly retry: RetryPolicy;
  readonly breaker: Breaker;
  readonly emit: (event: DeliveryEvent) => void;
};

/**
 * The second line: a queued batch → its receipt. Steps as in docs/architecture.md; every result is in the ledger when
 * this resolves. Rejects only when the ledger cannot be written, or the batch is no longer ours.
 */
export async function deliverBatch(id: BatchId, parts: DeliveryParts, signal: AbortSignal): Promise<void> {
  const batch = beginOrLeave(id, parts);
  if (batch === undefined) return;
  parts.emit({ name: 'delivery.attempt', batch });
  try {
    parts.checkOwner(batch, 'begin');
    await parts.tier.recall(batch.files, signal); // 7 recall
    const destination = parts.destination(batch.destination);
    const token = await parts.token(batch, signal);
    const call: Call = { token, signal, standstill: parts.standstill(id) };
    const container = await openContainer({ batch, destination, call, parts }); // 8 open
    const content = noteWhole(parts.content(batch), (hashes) => parts.ledger.outcomes.wentOut(batch, hashes));
    const { receipt, hashes } =
      (await findSent({ content, destination, call, parts })) ??
      (await sendAndClose({ content, container, destination, call, parts })); // 9 pack and send, 10 close
    checkReceipt(batch, receipt);
    parts.ledger.batches.deliver(batch, receipt, hashes, parts.clock.now()); // 11 record
    parts.emit({ name: 'delivery.done', batch, receipt });
    parts.breaker.delivered(batch);
  } catch (thrown) {
    const error = asIngestError(thrown, `deliver batch ${id}`);
    const isOutage = !signal.aborted && (await parts.breaker.met(batch, error, signal));
    // Asked again on purpose: the stop may have come while the breaker was asking.
    if (signal.aborted) recordFailure(batch, stopped(signal, thrown), parts, { stopped: true });
    else if (isOutage) putBack(batch, error, parts);
    else recordFailure(batch, error, parts, { stopped: false });
  }
}

/** The batch as a new attempt of ours; undefined for a stale job, whose batch is not queued any more. */
function beginOrLeave(id: BatchId, { ledger, clock }: DeliveryParts): Batch | undefined {
  let batch: Batch | undefined;
  unlessTaken(() => {
    batch = ledger.batches.begin(id, clock.now());
  });
  return batch;
}

/** A receipt that does not speak of every file and byte of the batch is no receipt. */
function checkReceipt(batch: Batch, receipt: Receipt): void {
  if (receipt.files === batch.files.length && receipt.bytes === batch.bytes) return;
  throw new IngestError(
    'RECEIPT_MISMATCH',
    `the destination reports ${receipt.files} files and ${receipt.bytes} bytes for batch ${batch.id}, sent were ${batch.files.length} files and ${batch.bytes} bytes`,
    {
      hint: 'Look at the destination, then `nightjar requeue` the batch: sending again replaces, it never doubles.',
    },
  );
}

/** Why we were told to stop: the process ends, or another worker has the batch. */
function stopped(signal: AbortSignal, cause: unknown): IngestError {
  if (signal.reason instanceof IngestError) return signal.reason;
  return new IngestError('INTERRUPTED', 'the delivery was stopped', {
    hint: 'Nothing to do: it starts again by itself.',
    cause,
  });
}
