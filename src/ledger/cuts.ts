import type { DatabaseSync } from 'node:sqlite';
import { type BatchId, batchId } from '../core/ids.ts';
import type { Batch, BatchPlan } from '../core/model.ts';
import { isDelivered } from '../core/states.ts';
import { type BatchError, textOf } from './batch-row.ts';
import type { Batches } from './batches.ts';
import { keepPlace } from './revive-batch.ts';
import { inTransaction } from './transaction.ts';

/** How the other half of a batch fares, and what both were cut from. */
export type OtherHalf = { readonly whole: BatchId; readonly saidAlike: boolean };

/** Batches that were cut in halves to find what the destination fails on. */
export function createCuts(db: DatabaseSync, batches: Batches) {
  /** The pieces of a batch, and theirs, as far as they have not been cut again. */
  const pieces = (whole: BatchId): BatchId[] =>
    db
      .prepare(
        `WITH RECURSIVE below (piece) AS (
           SELECT piece FROM cut WHERE whole = ?1 UNION SELECT cut.piece FROM cut JOIN below ON cut.whole = below.piece)
         SELECT piece FROM below JOIN batch ON batch.id = piece WHERE state <> 'withdrawn' ORDER BY no`,
      )
      .all(whole)
      .map(({ piece }) => batchId(String(piece)));

  return {
    /** The batch in halves, each of which is tried by itself. */
    halve: (batch: Batch, error: BatchError, halvesOf: (rest: Batch) => readonly BatchPlan[]): void =>
      inTransaction(db, () => {
        const halves = batches.recut(batch, error, { paths: [], mark: 'none' }, halvesOf);
        for (const { id } of halves)
          db.prepare('INSERT OR REPLACE INTO cut (piece, whole, said) VALUES (?, ?, NULL)').run(id, batch.id);
      }),

    /** Notes in which words a piece failed; nothing for a batch that is no piece. */
    note: (piece: BatchId, said: string): void =>
      inTransaction(db, () => {
        db.prepare('UPDATE cut SET said = ? WHERE piece = ?').run(said, piece);
      }),

    /**
     * Whether the other half failed in the same words while nothing of what both were cut from was taken: then it is
     * the destination that is ill, not a file. Undefined for a batch that is no piece.
     */
    otherHalf: (piece: BatchId, said: string): OtherHalf | undefined => {
      const mine = db.prepare('SELECT whole FROM cut WHERE piece = ?').get(piece)?.['whole'];
      if (typeof mine !== 'string') return undefined;
      const whole = batchId(mine);
      const other = db.prepare('SELECT said FROM cut WHERE whole = ? AND piece <> ?').get(whole, piece);
      const isTaken = pieces(whole).some((id) => isDelivered(batches.head(id).state));
      return { whole, saidAlike: textOf(other?.['said']) === said && !isTaken };
    },

    /** Puts together again what was cut, as one batch that waits for a person. `planOf` is asked for all that they hold. */
    rejoin: (
      whole: BatchId,
      error: BatchError,
      planOf: (pieces: readonly Batch[]) => BatchPlan | undefined,
    ): void =>
      inTransaction(db, () => {
        const parts = pieces(whole).map((id) => batches.get(id));
        const { lane, runNo, plannedAt } = batches.head(whole);
        const rest = parts.map((part) => {
          const without = batches.withdraw(part, error, { paths: [], mark: 'none' });
          return { ...part, files: part.files.filter(({ path }) => !without.has(path)) };
        });
        const plan = planOf(rest);
        if (plan === undefined) return;
        batches.planAgain([{ plan, planned: { lane, at: error.at, runNo, plannedAt } }]);
        keepPlace(db, whole, [plan.id]);
        batches.fail(batches.get(plan.id), { to: 'held', error });
      }),
  };
}
