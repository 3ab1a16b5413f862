import { IngestError } from '../core/errors.ts';
import type { Batch } from '../core/model.ts';
import type { Call, Destination, RemoteContainer } from '../destinations/destination.ts';
import type { DeliveryParts } from './deliver-batch.ts';

type Describing = {
  readonly batch: Batch;
  readonly destination: Destination;
  readonly container: RemoteContainer;
  readonly call: Call;
  readonly parts: Pick<DeliveryParts, 'ledger' | 'clock' | 'emit' | 'metadata'>;
};

/**
 * Says in the container what the mapping says of its data, before any of it goes there and whenever that has changed.
 * That it is put is recorded right before: after an answer that was lost it is taken for ours. Somebody else's is left alone,
 * and nothing is put into that container again.
 */
export async function describeContainer({
  batch,
  destination,
  container,
  call,
  parts,
}: Describing): Promise<void> {
  const { describing } = destination;
  if (describing === undefined) return;
  const { containerDocuments: documents } = parts.ledger;
  const known = documents.of(batch.destination, container.id);
  if (known?.state === 'foreign') return;
  const document = describing.document(parts.metadata(batch), known?.document);
  if (document === undefined || (known?.state === 'there' && known.document === document)) return;
  const save = (state: 'putting' | 'there' | 'foreign', said?: string): void =>
    documents.save(
      batch.destination,
      container.id,
      { document, state },
      { at: parts.clock.now(), batch: batch.id, ...(said === undefined ? {} : { said }) },
    );
  const outcome = await describing
    .put(container, { document, replace: known !== undefined, begin: () => save('putting') }, call)
    .catch((thrown: unknown): never => {
      // Refused, it is not there: one that is there at the next attempt is somebody else's.
      if (isRefused(thrown)) documents.restore(batch.destination, container.id, known);
      throw thrown;
    });
  if (outcome === 'put')
    return save('there', `"${container.name}" says now: ${JSON.stringify(JSON.parse(document))}`);
  save(
    'foreign',
    `"${container.name}" (${container.location}) has a metadata file that is not ours: it stays as it is`,
  );
  parts.emit({ name: 'container.not-described', batch, container });
}

/** A 4xx says no; after any other failure it may be there all the same. */
function isRefused(thrown: unknown): boolean {
  const status = thrown instanceof IngestError ? thrown.context['status'] : undefined;
  return typeof status === 'number' && status >= 400 && status < 500;
}
