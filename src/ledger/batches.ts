import type { DatabaseSync } from 'node:sqlite';
import { IngestError } from '../core/errors.ts';
import type { BatchId } from '../core/ids.ts';
import type { Batch, BatchPlan, Receipt } from '../core/model.ts';
import { encodeBytes, type SharePath } from '../core/share-path.ts';
import { type BatchState, statesBefore } from '../core/states.ts';
import { type BatchError, type BatchHead, batchOf, encodeList, HEAD_COLUMNS, headOf } from './batch-row.ts';
import { recordEvent } from './events.ts';
import type { Facts, Mark } from './facts.ts';
import type { Looks } from './looks.ts';
import { inTransaction } from './transaction.ts';

export type Batches = ReturnType<typeof createBatches>;

type Change = {
  readonly to: BatchState;
  readonly at: number;
  readonly what: string;
  readonly detail?: string;
  /** Only an attempt of this epoch may make the change; any if undefined. */
  readonly epoch?: number;
};

/** The batches and the moves of their state; every move is checked against the one table in core/states.ts. */
export function createBatches(db: DatabaseSync, looks: Looks) {
  const insert = db.prepare(
    `INSERT INTO batch (id, lane, share, owner, destination, dataset, instrument, rule, reason, facts, addendum, compress,
       files, bytes, list, state, planned_at, changed_at, run)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', ?, ?, ?)`,
  );
  const headById = db.prepare(`SELECT ${HEAD_COLUMNS} FROM batch WHERE id = ?`);
  const headByNo = db.prepare(`SELECT ${HEAD_COLUMNS} FROM batch WHERE no = ?`);

  const head = (id: BatchId): BatchHead => {
    const row = headById.get(id);
    if (row !== undefined) return headOf(row);
    throw new IngestError('USAGE', `there is no batch ${id} in the ledger`, {
      hint: '`nightjar status` lists batches.',
    });
  };

  /** False when the batch is in no state from which the move is legal, or the attempt is not the newest. */
  const move = (id: BatchId, change: Change): boolean => {
    const from = statesBefore(change.to)
      .map((state) => `'${state}'`)
      .join(', ');
    const fence = change.epoch === undefined ? '' : `AND epoch = ${Number(change.epoch)}`;
    const moved = db
      .prepare(`UPDATE batch SET state = ?, changed_at = ? WHERE id = ? AND state IN (${from}) ${fence}`)
      .run(change.to, change.at, id);
    if (moved.changes === 0) return false;
    recordEvent(db, { at: change.at, batch: id, what: change.what, detail: change.detail ?? '' });
    return true;
  };

  const fenced = (id: BatchId, change: Change): void => {
    if (move(id, change)) return;
    throw new IngestError('LEASE_LOST', `batch ${id} was taken over while an attempt of it was running`, {
      hint: 'Nothing to do: the newer attempt records its own result.',
      context: { batchId: id },
    });
  };

  const release = (
    no: number,
    share: BatchHead['share'],
    files: Batch['files'],
    bad?: { path: string; mark: Mark },
  ) =>
    looks.assign(
      share,
      files.map(({ path }) => path),
      (facts: Facts) => (facts.batch === no ? { ...facts, batch: 0 } : facts),
    ) ??
    (bad === undefined
      ? undefined
      : looks.assign(share, [bad.path as SharePath], (facts) => ({ ...facts, mark: bad.mark })));

  const get = (id: BatchId): Batch => {
    const row = db.prepare(`SELECT ${HEAD_COLUMNS}, facts, compress, list FROM batch WHERE id = ?`).get(id);
    if (row === undefined) return head(id) as never;
    return batchOf(row);
  };

  return {
    head,
    headByNo: (no: number): BatchHead | undefined => {
      const row = headByNo.get(no);
      return row === undefined ? undefined : headOf(row);
    },
    get,

    /** Records a planned batch and that it holds its files, in one transaction. A withdrawn batch of the same id lives again. */
    plan: (plan: BatchPlan, lane: string, at: number, runNo: number): void =>
      inTransaction(db, () => {
        const known = headById.get(plan.id);
        if (known === undefined) insertPlan(insert, plan, lane, at, runNo);
        else
          db.prepare(
            `UPDATE batch SET state = 'planned', run = ?, changed_at = ?, attempts = 0, not_before = 0, error = NULL WHERE id = ? AND state = 'withdrawn'`,
          ).run(runNo, at, plan.id);
        const { no } = head(plan.id);
        looks.assign(
          plan.share,
          plan.files.map(({ path }) => path),
          (facts) => ({ ...facts, batch: no }),
        );
        recordEvent(db, {
          at,
          batch: plan.id,
          what: 'batch.planned',
          detail: `${plan.files.length} files, ${plan.bytes} bytes`,
        });
      }),

    markQueued: (id: BatchId, at: number): boolean =>
      inTransaction(db, () => move(id, { to: 'queued', at, what: 'batch.queued' })),

    /** Starts an attempt: the epoch and the attempts grow, and every result of an older attempt is refused from now on. */
    begin: (id: BatchId, at: number): Batch =>
      inTransaction(db, () => {
        fenced(id, { to: 'delivering', at, what: 'delivery.started' });
        db.prepare('UPDATE batch SET epoch = epoch + 1, attempts = attempts + 1 WHERE id = ?').run(id);
        return get(id);
      }),

    /** The end of a good attempt: state by evidence, receipt, and the SHA-256 of every file in list order (32 bytes each). */
    deliver: (id: BatchId, epoch: number, receipt: Receipt, hashes: Uint8Array, at: number): void =>
      inTransaction(db, () => {
        fenced(id, {
          to: receipt.evidence,
          at,
          epoch,
          what: `delivery.${receipt.evidence}`,
          detail: receipt.how,
        });
        db.prepare('UPDATE batch SET receipt = ?, hashes = ?, error = NULL, not_before = 0 WHERE id = ?').run(
          JSON.stringify(receipt),
          hashes,
          id,
        );
      }),

    /** The end of an attempt that failed: again later, or waits for a person, or never. */
    fail: (
      id: BatchId,
      epoch: number,
      outcome: { to: 'planned' | 'held' | 'rejected'; error: BatchError; notBefore?: number },
    ): void =>
      inTransaction(db, () => {
        const { to, error, notBefore } = outcome;
        fenced(id, {
          to,
          at: error.at,
          epoch,
          what: `delivery.${to === 'planned' ? 'retry' : to}`,
          detail: `${error.code}: ${error.message}`,
        });
        db.prepare('UPDATE batch SET error = ?, not_before = ? WHERE id = ?').run(
          JSON.stringify(error),
          notBefore ?? 0,
          id,
        );
      }),

    /** An attempt that was stopped by us: no attempt is used up. */
    interrupt: (id: BatchId, epoch: number, at: number): void =>
      inTransaction(db, () => {
        if (move(id, { to: 'planned', at, epoch, what: 'delivery.interrupted' }))
          db.prepare('UPDATE batch SET attempts = max(attempts - 1, 0), not_before = 0 WHERE id = ?').run(id);
      }),

    /** A batch that cannot be delivered as planned: its files are free to be planned again, `bad` with its mark. */
    withdraw: (id: BatchId, error: BatchError, options: { epoch?: number; mark?: Mark }): void =>
      inTransaction(db, () => {
        const batch = get(id);
        const { no } = head(id);
        fenced(id, {
          to: 'withdrawn',
          at: error.at,
          what: 'batch.withdrawn',
          detail: `${error.code}: ${error.message}`,
          ...(options.epoch === undefined ? {} : { epoch: options.epoch }),
        });
        db.prepare('UPDATE batch SET error = ? WHERE id = ?').run(JSON.stringify(error), id);
        release(
          no,
          batch.share,
          batch.files,
          error.path === undefined ? undefined : { path: error.path, mark: options.mark ?? 'none' },
        );
      }),

    /** Batches in flight whose job is gone, back to planned. */
    backToPlanned: (ids: readonly BatchId[], why: string, at: number): void =>
      inTransaction(db, () => {
        for (const id of ids) move(id, { to: 'planned', at, what: 'batch.put-back', detail: why });
      }),

    /** Puts a held, rejected or delivered batch back; attempts begin again. True when it was in such a state. */
    requeue: (id: BatchId, at: number): boolean =>
      inTransaction(db, () => {
        if (['queued', 'delivering', 'planned', 'withdrawn'].includes(head(id).state)) return false;
        if (!move(id, { to: 'planned', at, what: 'batch.requeued' })) return false;
        db.prepare('UPDATE batch SET attempts = 0, not_before = 0, receipt = NULL WHERE id = ?').run(id);
        return true;
      }),

    /** The SHA-256 recorded for each file of a delivered batch, in list order; empty before. */
    hashes: (id: BatchId): Uint8Array => {
      const value = db.prepare('SELECT hashes FROM batch WHERE id = ?').get(id)?.['hashes'];
      return value instanceof Uint8Array ? value : new Uint8Array();
    },
  };
}

function insertPlan(
  insert: ReturnType<DatabaseSync['prepare']>,
  plan: BatchPlan,
  lane: string,
  at: number,
  runNo: number,
): void {
  insert.run(
    ...[
      plan.id,
      lane,
      plan.share,
      plan.owner,
      plan.destination,
      encodeBytes(plan.dataset),
      plan.instrument,
      plan.rule,
    ],
    ...[plan.reason ?? null, JSON.stringify(plan.facts), Number(plan.addendum), Number(plan.compress)],
    ...[plan.files.length, plan.bytes, encodeList(plan.files), at, at, runNo],
  );
}
