import { IngestError } from '../core/errors.ts';
import type { Assignment, Batch } from '../core/model.ts';
import { printable, type SharePath } from '../core/share-path.ts';
import { batchError } from '../ledger/batch-row.ts';
import type { Workspace } from './workspace.ts';

/**
 * Withdraws the batches that wait or are held and that the folder mapping of today would not make: their files are
 * planned again, for whoever they belong to now. What was delivered stays where it is. Call it before anything runs.
 */
export function withdrawOutdated({
  ledger,
  assigner,
  clock,
}: Pick<Workspace, 'ledger' | 'assigner' | 'clock'>): void {
  const waiting = [...ledger.list({ states: ['planned', 'held', 'rejected'] })];
  for (const { id } of waiting) {
    const batch = ledger.batches.get(id);
    const stray = batch.files.find(({ path }) => !isStillMeant(batch, assigner.assign(path)));
    if (stray !== undefined)
      ledger.batches.withdraw(batch, batchError(outdated(stray.path), clock.now()), 'none');
  }
}

function isStillMeant(batch: Batch, now: Assignment): boolean {
  return now.kind === 'owned' && now.owner === batch.owner && now.destination === batch.destination;
}

function outdated(path: SharePath): IngestError {
  // The path is in the words only: as context it would make the file settle anew, and nothing is wrong with it.
  return new IngestError(
    'MAPPING_CHANGED',
    `the folder mapping says otherwise now, of ${printable(path)} among others`,
    {
      hint: 'Nothing to do: its files are planned again.',
    },
  );
}
