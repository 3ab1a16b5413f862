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

const isAsShown = (now: BatchHead, shown: BatchHead): boolean =>
  now.state === shown.state && now.changedAt === shown.changedAt && now.epoch === shown.epoch;

function putBackAll(
  ledger: Workspace['ledger'],
  selection: Selection,
  { by, now }: { readonly by: string; readonly now: number },
): PutBack {
  const requeued: BatchHead[] = [];
  const skipped: BatchHead[] = [...selection.skipped];
  for (const shown of selection.batches) {
    const head = ledger.batches.head(shown.id);
    // What was put back and delivered while a person looked at the preview would be sent a second time.
    const isPutBack = isAsShown(head, shown) && ledger.batches.requeue(head.id, now);
    (isPutBack ? requeued : skipped).push(head);
  }
  ledger.requeues.note({ at: now, by, batches: requeued });
  const lifted = ledger.pauses
    .inForce(now)
    .filter((pause) => pause.code !== undefined && requeued.some((head) => pauseOf([pause], head)));
  for (const { kind, name } of lifted) ledger.pauses.lift(kind, name, now);
  for (const [share, files] of Map.groupBy(selection.refused, ({ share }) => share))
    ledger.looks.assign(
      share,
      files.map(({ path }) => path),
      (facts) => (facts.mark === 'refused' ? { ...facts, mark: 'none' } : facts),
    );
  return { requeued, skipped, lifted, refused: selection.refused.length };
}
