import { asIngestError, type IngestError } from '../core/errors.ts';
import type { BatchId, DestinationName } from '../core/ids.ts';
import type { Batch } from '../core/model.ts';
import type { Call, Public, Publicness, RemoteContainer } from '../destinations/destination.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { PublicationState } from '../ledger/publications.ts';
import type { DeliveryParts } from './deliver-batch.ts';
import { type LookAgainParts, mayAsk } from './look-again.ts';
import { outageSign } from './outage-sign.ts';

export type PublishParts = Pick<
  DeliveryParts,
  'destination' | 'token' | 'content' | 'metadata' | 'checkOwner' | 'clock' | 'emit'
> & {
  readonly ledger: Pick<Ledger, 'publications' | 'batches' | 'containers' | 'containerDocuments'>;
  /** Whether the rule of the batch and its destination both ask for it, now. */
  readonly mayPublish: (batch: Batch) => boolean;
};

/**
 * Publishes the container of a batch that is confirmed or better, if rule and destination still ask for it and nothing
 * else is in it. That it is asked for is recorded before; whatever comes in between, it is looked for before it is asked
 * for again. No failure of it touches the delivery. Answers a failure that may mean that the destination is away.
 */
export async function publishBatch(
  id: BatchId,
  parts: PublishParts,
  signal: AbortSignal,
): Promise<IngestError | undefined> {
  const { publications, batches } = parts.ledger;
  if (!publications.isDue(id)) return undefined;
  const batch = batches.get(id);
  const container = parts.ledger.containers.ofBatch(id);
  try {
    record(batch, parts, container?.id, await publish(batch, container, parts, signal));
    return undefined;
  } catch (thrown) {
    const error = asIngestError(thrown, `publish batch ${id}`);
    if (error.code.startsWith('LEDGER_')) throw error;
    if (!signal.aborted) record(batch, parts, container?.id, afterFailure(batch, error, parts));
    return error;
  }
}

/** The same for all that are due and that nothing keeps; a destination that is away is asked once. */
export async function publishDue(
  parts: PublishParts & Pick<LookAgainParts, 'ledger'>,
  signal: AbortSignal,
): Promise<void> {
  const away = new Set<DestinationName>();
  for (const id of parts.ledger.publications.due()) {
    signal.throwIfAborted();
    const batch = parts.ledger.batches.get(id);
    if (away.has(batch.destination) || !mayAsk(batch, parts)) continue;
    const error = await publishBatch(id, parts, signal);
    if (error !== undefined && outageSign(error) !== 'none') away.add(batch.destination);
  }
}

type Outcome = { readonly state: PublicationState; readonly said: string };

async function publish(
  batch: Batch,
  container: RemoteContainer | undefined,
  parts: PublishParts,
  signal: AbortSignal,
): Promise<Outcome> {
  const { publishing } = parts.destination(batch.destination);
  if (!parts.mayPublish(batch) || publishing === undefined)
    return { state: 'waiting', said: 'the configuration does not ask for it any more' };
  parts.checkOwner(batch, 'begin');
  if (container === undefined || !parts.ledger.publications.isAlone(batch.id, batch.destination, container))
    return { state: 'refused', said: 'more than this batch was sent into its container' };
  const call: Call = { token: await parts.token(batch, signal), signal };
  const what = whatOf(batch, container, parts);
  const before = await publishing.look(container, what, call);
  if (before.kind !== 'open') return outcomeOf(before, batch, parts);
  if (before.foreign.length > 0)
    return {
      state: 'refused',
      said: `its container does not hold exactly this batch: ${before.foreign.join(', ')}`,
    };
  begin(batch, container, what, parts);
  return outcomeOf(await publishing.publish(container, what, call), batch, parts);
}

function whatOf(batch: Batch, { id }: RemoteContainer, parts: PublishParts): Public {
  const described = parts.ledger.containerDocuments.of(batch.destination, id);
  return {
    content: parts.content(batch),
    isDescribed: described !== undefined && described.state !== 'foreign',
    embargoMonths: parts.metadata(batch).embargoMonths,
  };
}

/** Recorded before it is asked for. */
function begin(
  { id }: Batch,
  { id: container, name, location }: RemoteContainer,
  { embargoMonths }: Public,
  { ledger, clock }: PublishParts,
): void {
  const embargo = embargoMonths === undefined ? '' : `, closed for ${embargoMonths} months`;
  const said = `asking for "${name}" (${location}) to be published${embargo}`;
  ledger.publications.save(id, container, { state: 'publishing', said, at: clock.now() });
}

function outcomeOf(found: Publicness, { id }: Batch, { ledger }: PublishParts): Outcome {
  const container = ledger.containers.ofBatch(id);
  const where = `"${container?.name}" (${container?.location})`;
  const known = ledger.publications.of(id);
  switch (found.kind) {
    case 'published':
      return { state: 'published', said: `${where} is published` };
    case 'may-not':
      return { state: 'waiting', said: found.said };
    case 'refused':
      return { state: 'refused', said: found.said };
    case 'busy':
      return known?.state === 'publishing'
        ? { state: 'publishing', said: known.said }
        : { state: 'waiting', said: 'the destination still works in its container' };
    case 'open':
      return { state: 'waiting', said: `${where} is not published yet` };
  }
}

/** What was asked for may have happened: that stays on record until somebody has looked. */
function afterFailure({ id }: Batch, error: IngestError, { ledger }: PublishParts): Outcome {
  const known = ledger.publications.of(id);
  if (known?.state === 'publishing') return { state: 'publishing', said: known.said };
  return { state: error.code === 'CONTAINER_LOST' ? 'refused' : 'waiting', said: error.message };
}

function record(batch: Batch, parts: PublishParts, container: string | undefined, outcome: Outcome): void {
  const at = parts.clock.now();
  parts.ledger.publications.save(batch.id, container, { ...outcome, at });
  const { state, said } = outcome;
  if (state === 'published') parts.emit({ name: 'batch.published', batch, said });
  else parts.emit({ name: 'batch.not-published', batch, state, said });
}
