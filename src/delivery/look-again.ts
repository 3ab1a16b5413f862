import { asIngestError, IngestError } from '../core/errors.ts';
import type { BatchId, DestinationName } from '../core/ids.ts';
import type { Batch, Receipt } from '../core/model.ts';
import type { Call, RemoteContainer } from '../destinations/destination.ts';
import { batchError } from '../ledger/batch-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { pauseOf } from '../ledger/pauses.ts';
import { DROPPED_LIMIT } from './decide.ts';
import type { DeliveryParts } from './deliver-batch.ts';
import { withHashes } from './find-sent.ts';
import { outageSign } from './outage-sign.ts';

type LookingParts = Pick<DeliveryParts, 'ledger' | 'destination' | 'content' | 'clock' | 'emit'>;

export type LookAgainParts = LookingParts &
  Pick<DeliveryParts, 'token'> & {
    readonly ledger: Pick<Ledger, 'outages' | 'dispatch' | 'pauses'>;
  };

/**
 * Looks for the batches that their destination only accepted, each once and without waiting: one that is there is
 * confirmed or verified, one that is not goes back to planned and is sent again. Where that cannot be told (it is still
 * worked on, the destination is away, the token is refused) nothing changes. A container with a delivery on its way is
 * left: the delivery looks itself (see lookAgainIn).
 */
export async function lookAgain(parts: LookAgainParts, signal: AbortSignal): Promise<void> {
  const away = new Set<DestinationName>();
  for (const id of parts.ledger.outcomes.accepted()) {
    const batch = parts.ledger.batches.get(id);
    if (away.has(batch.destination) || !mayAsk(batch, parts)) continue;
    try {
      const call: Call = { token: await parts.token(batch, signal), signal, once: true };
      await lookFor(batch, parts, call);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = asIngestError(thrown, `look again for batch ${id}`);
      if (isOurs(error)) throw error;
      if (outageSign(error) !== 'none') away.add(batch.destination);
    }
  }
}

/**
 * The same before a delivery into a container: afterwards its last work is about the new batch, and nobody could tell
 * any more. Throws only what the delivery would meet as well: the container is busy, or the destination away.
 */
export async function lookAgainIn(
  { id }: RemoteContainer,
  { destination }: Pick<Batch, 'destination'>,
  { parts, call }: { readonly parts: LookingParts; readonly call: Call },
): Promise<void> {
  for (const accepted of parts.ledger.outcomes.accepted({ destination, id }))
    try {
      await lookFor(parts.ledger.batches.get(accepted), parts, call);
    } catch (thrown) {
      const error = asIngestError(thrown, `look again for batch ${accepted}`);
      const isOfBoth = error.code === 'DESTINATION_BUSY' || outageSign(error) !== 'none';
      if (isOfBoth || isOurs(error) || call.signal.aborted) throw error;
    }
}

const isOurs = ({ code }: IngestError): boolean => code.startsWith('LEDGER_');

/** Whether the destination may be asked for a batch now: it is not away, nothing is paused, nothing is on its way there. */
export function mayAsk(batch: Batch, { ledger, clock }: Pick<LookAgainParts, 'ledger' | 'clock'>): boolean {
  const { destination, id } = batch;
  const outage = ledger.outages.of(destination);
  if (outage !== undefined && outage.wellAt === undefined) return false;
  if (pauseOf(ledger.pauses.inForce(clock.now()), ledger.batches.head(id)) !== undefined) return false;
  const line = `${destination}#${ledger.containers.ofBatch(id)?.id}`;
  return !ledger.dispatch.inFlight().some(({ lane }) => lane === line);
}

async function lookFor(batch: Batch, parts: LookingParts, call: Call): Promise<void> {
  const { ledger } = parts;
  const destination = parts.destination(batch.destination);
  const container = ledger.containers.ofBatch(batch.id);
  if (container === undefined || destination.find === undefined) return;
  const content = withHashes(parts.content(batch), ledger.batches.hashes(batch.id));
  const found = await destination.find(container, content, call);
  if (found instanceof IngestError) notThere(batch, found, parts);
  else isThere(batch, found, parts);
}

function isThere(batch: Batch, found: Receipt, parts: LookingParts): void {
  const { ledger, clock } = parts;
  const acceptedAt = ledger.batches.head(batch.id).changedAt;
  const how = `Accepted on ${new Date(acceptedAt).toISOString()}, and there when it was looked for again. ${found.how}`;
  const receipt: Receipt = { ...found, how, acceptedAt };
  const hashes = Buffer.from(ledger.batches.hashes(batch.id));
  const isDone = whileAccepted(batch.id, ledger, () =>
    ledger.batches.deliver(batch, receipt, hashes, clock.now()),
  );
  if (isDone) parts.emit({ name: 'delivery.done', batch, receipt });
}

/** What it fails on is found when it is sent again; a platform that loses it again and again is for a person. */
function notThere(batch: Batch, error: IngestError, parts: LookingParts): void {
  const { ledger, clock } = parts;
  const to = ledger.outcomes.timesPutOff(batch.id, error.code) >= DROPPED_LIMIT ? 'held' : 'planned';
  const isDone = whileAccepted(batch.id, ledger, () =>
    ledger.batches.fail(batch, { to, error: batchError(error, clock.now()) }),
  );
  const decided = to === 'held' ? 'hold' : 'retry';
  if (isDone) parts.emit({ name: 'delivery.failed', batch, error, decided });
}

/** What was asked counts only where nobody has moved the batch, or sent another after it, in the meantime. */
function whileAccepted(id: BatchId, ledger: LookingParts['ledger'], record: () => void): boolean {
  return ledger.transaction(() => {
    const isStill = ledger.outcomes.accepted().includes(id);
    if (isStill) record();
    return isStill;
  });
}
