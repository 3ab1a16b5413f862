import { IngestError } from '../core/errors.ts';
import type { Batch } from '../core/model.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/**
 * Where a container was published after a parcel had no answer, the parcel may be in it, and for good: the error then
 * says so, and that a second copy is not made without a person (see decide.ts).
 */
export function perhapsPublished(
  { id }: Pick<Batch, 'id'>,
  error: IngestError,
  { outcomes, containers }: Pick<Ledger, 'outcomes' | 'containers'>,
): IngestError {
  const { published, refusedWhole } = error.context;
  if (published !== true || refusedWhole === true || !outcomes.mayHaveArrived(id)) return error;
  const container = containers.ofBatch(id);
  const where = container === undefined ? 'its container' : `"${container.name}" (${container.location})`;
  const message = `batch ${id} may be in ${where}, which was published after an attempt that had no answer: it is not sent a second time by itself`;
  return new IngestError('CONTAINER_LOST', message, {
    hint: `Look there for .nightjar/${id}.json in the folder of the data. Where it is, all of the batch is: leave the batch held. Where it is not, send it into a new container: nightjar requeue ${id}`,
    context: { ...error.context, mayBeThere: true },
    cause: error,
  });
}
