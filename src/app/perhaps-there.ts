import { IngestError } from '../core/errors.ts';
import type { Batch } from '../core/model.ts';
import type { CheckStep } from '../delivery/find-sent.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { isGivenAway, isPerhapsThere, whyOutdated } from './withdraw-outdated.ts';
import type { Workspace } from './workspace.ts';

/**
 * Throws MAPPING_CHANGED when the batch would not be made today. One that may be there already is looked for first, for
 * planned anew it would be there twice; where that cannot be told, or it is somebody else's now, a person is asked.
 */
export function checkStillMeant(
  batch: Batch,
  step: CheckStep,
  workspace: Pick<Workspace, 'ledger' | 'assign' | 'limitsOf'>,
): void {
  const error = whyOutdated(batch, workspace);
  if (error === undefined) return;
  const { ledger, assign } = workspace;
  if (!isPerhapsThere(ledger.batches.head(batch.id), ledger)) throw error;
  if (step === 'looked' || isGivenAway(batch, assign, ledger)) throw unknownOutcome(batch, error, ledger);
}

function unknownOutcome(
  { id, owner }: Batch,
  cause: IngestError,
  { containers }: Pick<Ledger, 'containers'>,
): IngestError {
  const container = containers.ofBatch(id);
  const where = container === undefined ? 'its container' : `"${container.name}" (${container.location})`;
  return new IngestError(
    'OUTCOME_UNKNOWN',
    `batch ${id} may be in ${where} of ${owner}, for an attempt had no answer, and ${cause.message}`,
    {
      hint: `Look there for .nightjar/${id}.json in the folder of the data. Where it is, all of the batch is: leave it held, or delete it there first. To have its files planned again: nightjar requeue ${id}`,
      cause,
    },
  );
}
