import type { Workspace } from '../app/workspace.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import { type Pause, pauseOf } from '../ledger/pauses.ts';
import type { Selection } from './select-batches.ts';

export type PutBack = {
  readonly requeued: readonly BatchHead[];
  /** They moved on meanwhile, or were in no state to be put back from. */
  readonly skipped: readonly BatchHead[];
  readonly lifted: readonly Pause[];
  readonly refused: number;
};

/**
 * Puts the batches back to planned, their attempts begin again; pauses that errors made for them are lifted, those of
 * people stay. Refused files are free to be planned again. All of it or nothing; the ledger remembers it for the next one.
 */
export function putBack({ ledger, clock }: Workspace, selection: Selection, by: string): PutBack {
  return ledger.transaction(() => putBackAll(ledger, selection, { by, now: clock.now() }));
}

function putBackAll(
  ledger: Workspace['ledger'],
  selection: Selection,
  { by, now }: { readonly by: string; readonly now: number },
): PutBack {
  const requeued: BatchHead[] = [];
  const skipped: BatchHead[] = [...selection.skipped];
  for (const head of selection.batches)
    (ledger.batches.requeue(head.id, now) ? requeued : skipped).push(head);
  ledger.requeues.note({ at: now, by, batches: requeued });
  const lifted = ledger.pauses
    .inForce(now)
    .filter((pause) => pause.code !== undefined && requeued.some((head) => pauseOf([pause], head)));
  for (const { kind, name } of lifted) ledger.pauses.lift(kind, name, now);
  for (const [share, files] of Map.groupBy(selection.refused, ({ share }) => share))
    ledger.looks.assign(
      share,
      files.map(({ path }) => path),
      (facts) => ({ ...facts, mark: 'none' }),
    );
  return { requeued, skipped, lifted, refused: selection.refused.length };
}
