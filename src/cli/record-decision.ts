import type { Workspace } from '../app/workspace.ts';
import type { Decision } from '../core/decision.ts';
import { IngestError } from '../core/errors.ts';
import { count } from '../core/units.ts';
import { type BatchHead, batchError } from '../ledger/batch-row.ts';
import { sayDecision } from '../ownership/narrow.ts';
import { isWithin } from './find-causes.ts';
import type { DecisionPreview } from './preview-decision.ts';

/** Batches that were shown as not sent yet, and have begun or been delivered since. */
export type GoneOn = readonly BatchHead[];

/**
 * The decision, and with an exclusion its files out of the batches that still wait; all of it or nothing. What has gone
 * on since the preview is left as it is, and answered with: taken back on its way, it would arrive and not be recorded.
 */
export function recordDecision(
  { ledger, clock }: Workspace,
  { asked: { share, path }, decision, batches }: DecisionPreview,
): GoneOn {
  const error = batchError(planAgain(decision), clock.now());
  return ledger.transaction(() => {
    ledger.decisions.put(share.name, decision);
    return batches.flatMap(({ id }) => {
      const batch = ledger.batches.get(id);
      const paths = batch.files.map((file) => file.path).filter((file) => isWithin(file, path));
      return ledger.batches.withdrawWaiting(batch, error, { paths, mark: 'none' })
        ? []
        : [ledger.batches.head(id)].filter(({ state }) => state !== 'withdrawn');
    });
  });
}

function planAgain(decision: Decision): IngestError {
  return new IngestError('MAPPING_CHANGED', `a file of it is ${sayDecision(decision)}`, {
    hint: 'Nothing to do: its other files are planned again.',
  });
}

/** What becomes of those that have gone on: a line, or none. */
export function sayGoneOn(goneOn: GoneOn): string[] {
  if (goneOn.length === 0) return [];
  const ids = goneOn.map(({ id, state }) => `${id} (${state})`).join(', ');
  return [
    `${count(goneOn.length, 'batch', 'batches')} went on meanwhile: ${ids}. What is being sent arrives, with these files; what has arrived stays.`,
  ];
}
