import type { Content } from '../core/content.ts';
import type { Call, Destination, RemoteContainer } from '../destinations/destination.ts';
import type { DeliveryParts } from './deliver-batch.ts';
import { describeContainer } from './describe-container.ts';
import { type Found, hashesInOrder } from './find-sent.ts';

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
  parts.ledger.batches.sending(batch, container);
  await describeContainer({ batch, destination, container, call, parts });
  await destination.send(container, content, call);
  const receipt = await destination.close(container, content, call);
  return { receipt, hashes: hashesInOrder(content) };
}
