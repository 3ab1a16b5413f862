import type { IngestError } from '../core/errors.ts';
import type { BatchId, DestinationName } from '../core/ids.ts';
import type { Batch, Receipt } from '../core/model.ts';
import type { RemoteContainer } from '../destinations/destination.ts';
import type { Outage, Waited } from '../ledger/outages.ts';
import type { PublicationState } from '../ledger/publications.ts';
import type { Decision } from './decide.ts';

/** What a delivery tells the log and the screen. */
export type DeliveryEvent =
  | { readonly name: 'delivery.attempt'; readonly batch: Batch }
  | { readonly name: 'delivery.progress'; readonly batchId: BatchId; readonly bytes: number }
  /** Nothing moves in it, so it does not count among those at the same time; or it moves again. */
  | { readonly name: 'delivery.standstill'; readonly batchId: BatchId; readonly isStill: boolean }
  | { readonly name: 'delivery.done'; readonly batch: Batch; readonly receipt: Receipt }
  /** The account may open no container more; the batch goes into an older one. */
  | {
      readonly name: 'container.reused';
      readonly batch: Batch;
      readonly container: RemoteContainer;
      readonly error: IngestError;
    }
  /** A destination is away: told once for all of its batches. */
  | {
      readonly name: 'destination.away';
      readonly destination: DestinationName;
      readonly error: IngestError;
      readonly probeAt: number;
      readonly waiting: Waited;
    }
  | { readonly name: 'destination.probed'; readonly outage: Outage; readonly error: IngestError }
  | { readonly name: 'destination.back'; readonly outage: Outage }
  /** The attempt met an outage and does not count. */
  | { readonly name: 'delivery.put-back'; readonly batch: Batch; readonly error: IngestError }
  /** The destination no longer has, or takes, the container of the batch: a new one is made for its lane. */
  | { readonly name: 'container.lost'; readonly batch: Batch; readonly error: IngestError }
  /** A container may have been made of which nobody was told: perhaps there is an empty one too many. */
  | { readonly name: 'container.doubtful'; readonly batch: Batch; readonly container: string }
  /** Somebody else's metadata file is in it, so ours was not put there. */
  | {
      readonly name: 'container.not-described';
      readonly batch: Batch;
      readonly container: RemoteContainer;
    }
  | { readonly name: 'batch.published'; readonly batch: Batch; readonly said: string }
  /** Delivered, and not published though the mapping asks for it; `waiting` and `publishing` are tried again. */
  | {
      readonly name: 'batch.not-published';
      readonly batch: Batch;
      readonly state: PublicationState;
      readonly said: string;
    }
  /** The destination no longer has what it had confirmed. */
  | { readonly name: 'audit.gone'; readonly batch: Batch; readonly error: IngestError }
  | {
      readonly name: 'delivery.failed';
      readonly batch: Pick<Batch, 'id' | 'owner' | 'destination' | 'dataset' | 'bytes'>;
      readonly error: IngestError;
      readonly decided: Decision['do'];
    };
