import { asIngestError } from '../core/errors.ts';
import type { Batch } from '../core/model.ts';
import type { Call, Destination, RemoteContainer } from '../destinations/destination.ts';
import type { LaneContainer } from '../ledger/containers.ts';
import type { DeliveryParts } from './deliver-batch.ts';
import { makeContainer } from './make-container.ts';

export type Opening = {
  readonly batch: Batch;
  readonly destination: Destination;
  readonly call: Call;
  readonly parts: Pick<DeliveryParts, 'ledger' | 'clock' | 'emit' | 'accountIs'>;
};

/**
 * The container a batch goes into: the one that an attempt has begun to send into, else the lane's as the ledger knows
 * it, else a new one, recorded before any byte moves. One that would grow over the destination's limit, or has refused
 * too much, is followed by the next part; an account that may open no more goes on with the newest that there is.
 */
export async function openContainer(opening: Opening): Promise<RemoteContainer> {
  const { batch, destination, parts } = opening;
  const { containers } = parts.ledger;
  const begun = containers.ofBatch(batch.id);
  if (begun !== undefined && !isWornOut(opening, begun)) return begun;
  const name = destination.containerName(batch);
  const known = containers.find(batch.destination, name);
  if (known !== undefined && hasRoom(opening, known) && !isWornOut(opening, known.remote))
    return known.remote;
  // Numbers are never used twice, so that every container has a name of its own and can be found by it.
  const lost = parts.ledger.lostContainers.lastPart({ destination: batch.destination, name });
  const part = Math.max(known?.part ?? 0, lost) + 1;
  return await makeContainer(opening, { lane: name, part }).catch((thrown: unknown) =>
    reuse(opening, name, { known, thrown }),
  );
}

function hasRoom({ batch, destination, parts }: Opening, { remote }: LaneContainer): boolean {
  const { maxContainerBytes = Number.POSITIVE_INFINITY } = destination.limits;
  const sent = parts.ledger.containers.sentBytes(batch.destination, remote);
  return sent === 0 || sent + batch.bytes <= maxContainerBytes;
}

/** What a container refused after it had taken the whole of it may stay with the destination, which takes only so many. */
function isWornOut({ batch, destination, parts }: Opening, { id }: RemoteContainer): boolean {
  const { maxRefused = Number.POSITIVE_INFINITY } = destination.limits;
  return parts.ledger.containers.refused(batch.destination, id) >= maxRefused;
}

/** At the account's limit of containers: not held for it. The owner is told, and can make room by publishing or deleting. */
function reuse(
  { batch, parts }: Opening,
  name: string,
  { known, thrown }: { readonly known: LaneContainer | undefined; readonly thrown: unknown },
): RemoteContainer {
  const { destination, owner, apart, publish } = batch;
  const { containers } = parts.ledger;
  const error = asIngestError(thrown, `open a container for batch ${batch.id}`);
  const remote = known?.remote ?? containers.newestOf(destination, owner, apart);
  // What is published goes into no container with anything else in it.
  if (error.code !== 'QUOTA_EXCEEDED' || remote === undefined || publish === true) throw error;
  const at = parts.clock.now();
  containers.save({ destination, name, owner, container: { remote, part: known?.part ?? 1 }, at });
  containers.tellReused(batch.id, `${error.message}; it goes into "${remote.name}" (${remote.location})`, at);
  parts.emit({ name: 'container.reused', batch, container: remote, error });
  return remote;
}
