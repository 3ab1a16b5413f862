import { asIngestError, IngestError } from '../core/errors.ts';
import type { RemoteContainer } from '../destinations/destination.ts';
import type { Opening } from './open-container.ts';

/** Which container of its lane is to be made, and by what name. */
export type Making = { readonly lane: string; readonly part: number };

/**
 * A new container for the lane, recorded before any byte moves. One whose answer was lost before is used if it can be
 * found again by its name; where the credential may not look, it is told that an empty one may be left over.
 */
export async function makeContainer(opening: Opening, { lane, part }: Making): Promise<RemoteContainer> {
  const { batch, parts } = opening;
  const { destination, owner } = batch;
  const name = part === 1 ? lane : `${lane} (${part})`;
  const remote = (await madeBefore(opening, lane)) ?? (await make(opening, lane, name));
  await refuseForeign(opening, lane, remote);
  const at = parts.clock.now();
  parts.ledger.containers.save({ destination, name: lane, owner, container: { remote, part }, at });
  return remote;
}

/** Before any data goes there: a token may open another account than its owner's, and only the destination can tell. */
async function refuseForeign(
  { batch, call, parts }: Opening,
  lane: string,
  remote: RemoteContainer,
): Promise<void> {
  if (remote.account === undefined) return;
  try {
    await parts.accountIs(batch, remote.account, call);
  } catch (thrown) {
    const error = asIngestError(thrown, `open a container for batch ${batch.id}`);
    // Nothing is known against it: the next attempt looks for it, or tells that it may be left over.
    if (error.disposition === 'retry') throw error;
    parts.ledger.openings.end(batch.destination, lane);
    const { code, hint, context } = error;
    const message = `${error.message}; "${remote.name}" (${remote.location}) was made there and is empty`;
    throw new IngestError(code, message, { hint, context, cause: error });
  }
}

/** The container that an earlier attempt made without hearing of it; undefined: none is there, or nobody can say. */
async function madeBefore(
  { batch, destination, call, parts }: Opening,
  lane: string,
): Promise<RemoteContainer | undefined> {
  const { openings } = parts.ledger;
  const unanswered = openings.unanswered(batch.destination, lane);
  if (unanswered === undefined) return undefined;
  const found = await destination.findEmpty?.(unanswered.name, call);
  const ours = found?.find(({ id }) => !openings.isKnown(batch.destination, id));
  if (ours !== undefined || found !== undefined) return ours;
  const container = unanswered.name;
  if (openings.doubts(`${batch.destination}/${lane}`, unanswered.at, batch.id) > 0) throw unclear(container);
  const why = `the answer to the making of "${container}" was lost: perhaps an empty container of that name is left over`;
  openings.tellDoubtful(batch.id, why, parts.clock.now());
  parts.emit({ name: 'container.doubtful', batch, container });
  return undefined;
}

/** One too many may be left over, not one for each attempt. */
function unclear(container: string): IngestError {
  return new IngestError(
    'CONTAINER_UNCLEAR',
    `making "${container}": no answer came, twice; perhaps empty ones of that name are left over`,
    {
      hint: 'Look at the containers of the account: those of that name that have no file in them are left over, and may be deleted; no other. Then requeue the batch: one more is tried.',
      context: { container },
    },
  );
}

async function make(
  { batch, destination, call, parts }: Opening,
  lane: string,
  name: string,
): Promise<RemoteContainer> {
  const { openings } = parts.ledger;
  openings.begin(batch.destination, lane, { name, at: parts.clock.now() });
  try {
    return await destination.open(name, call);
  } catch (thrown) {
    if (isRefused(asIngestError(thrown, `open a container for batch ${batch.id}`)))
      openings.end(batch.destination, lane);
    throw thrown;
  }
}

/** Whether it is sure that none was made: the destination said no (4xx, 503), or was never asked. */
function isRefused({ disposition, context }: IngestError): boolean {
  const { status, unasked } = context;
  if (disposition !== 'retry' || unasked === true) return true;
  return typeof status === 'number' && ((status >= 400 && status < 500) || status === 503);
}
