import type { Content } from '../core/content.ts';
import { IngestError } from '../core/errors.ts';
import type { Batch } from '../core/model.ts';
import type { Call, Destination, RemoteContainer } from '../destinations/destination.ts';
import type { DeliveryParts } from './deliver-batch.ts';
import { describeContainer } from './describe-container.ts';
import { type Found, hashesInOrder } from './find-sent.ts';
import { lookAgainIn } from './look-again.ts';

type Sending = {
  readonly content: Content;
  readonly container: RemoteContainer;
  readonly destination: Destination;
  readonly call: Call;
  readonly parts: DeliveryParts;
};

/** Steps 9 and 10: what is said of the container goes before the first data, and where a batch goes is recorded before both. */
export async function sendAndClose({
  content,
  container,
  destination,
  call,
  parts,
}: Sending): Promise<Found> {
  const { batch } = content;
  const { batches, outcomes, transaction } = parts.ledger;
  await lookAgainIn(container, batch, { parts, call });
  transaction(() => {
    if (outcomes.isInUse(container, batch)) throw inUse(batch, container);
    batches.sending(batch, container);
  });
  await describeContainer({ batch, destination, container, call, parts });
  await destination.send(container, content, call);
  const receipt = await destination.close(container, content, call);
  return { receipt, hashes: hashesInOrder(content) };
}

/** Only at the first delivery into a container that two lanes share from then on; later the dispatcher sees to it. */
function inUse({ id }: Batch, { name }: RemoteContainer): IngestError {
  return new IngestError(
    'DESTINATION_BUSY',
    `sending batch ${id} into "${name}": another delivery into it is under way`,
    {
      hint: 'Nothing to do: it goes when the other one has ended.',
      retryAfterMs: 15_000,
    },
  );
}
