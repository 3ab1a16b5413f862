import type { DatabaseSync } from 'node:sqlite';
import { IngestError } from '../core/errors.ts';
import type { BatchId } from '../core/ids.ts';
import type { Batch, BatchPlan, Receipt } from '../core/model.ts';
import { encodeBytes, type SharePath } from '../core/share-path.ts';
import { type BatchState, statesBefore } from '../core/states.ts';
import { count } from '../core/units.ts';
import { type BatchError, type BatchHead, batchOf, encodeList, HEAD_COLUMNS, headOf } from './batch-row.ts';
import { recordEvent } from './events.ts';
import type { Mark } from './facts.ts';
import type { Looks } from './looks.ts';
import { inTransaction } from './transaction.ts';

/** A move of a batch's state, as the history will tell it. */
type Move = {
  readonly to: BatchState;
  readonly at: number;
  readonly what: string;
  readonly detail?: string;
  /** Only the attempt of this epoch may make the move; any if undefined. */
  readonly epoch?: number | undefined;
  /** Narrows the states from which the table allows the move. */
  readonly from?: readonly BatchState[];
};

/** Where and when a plan is recorded. */
type Planned = { readonly lane: string; readonly at: number; readonly runNo: number };

/**
 * The batches and the moves of their state. Every move is held against the one table in core/states.ts, is one
 * transaction with what it brings along, and is told in the history.
 */
export class Batches {
  readonly #db: DatabaseSync;
  readonly #looks: Looks;

  constructor(db: DatabaseSync, looks: Looks) {
    this.#db = db;
    this.#looks = looks;
  }

  /** The batch without its list; throws USAGE when there is none of that id. */
  head(id: BatchId): BatchHead {
    const row = this.#db.prepare(`SELECT ${HEAD_COLUMNS} FROM batch WHERE id = ?`).get(id);
    if (row === undefined) throw unknown(id);
    return headOf(row);
  }

  headByNo(no: number): BatchHead | undefined {
    const row = this.#db.prepare(`SELECT ${HEAD_COLUMNS} FROM batch WHERE no = ?`).get(no);
    return row === undefined ? undefined : headOf(row);
  }

  /** The whole batch; throws USAGE when there is none of that id. */
  get(id: BatchId): Batch {
    const row = this.#db
      .prepare(`SELECT ${HEAD_COLUMNS}, facts, compress, list FROM batch WHERE id = ?`)
      .get(id);
    if (row === undefined) throw unknown(id);
    return batchOf(row);
  }

  /** The SHA-256 recorded for each file of a delivered batch, 32 bytes each in list order; empty before. */
  hashes(id: BatchId): Uint8Array {
    const value = this.#db.prepare('SELECT hashes FROM batch WHERE id = ?').get(id)?.['hashes'];
    return value instanceof Uint8Array ? value : new Uint8Array();
  }

  /** Records a planned batch and that it holds its files. A withdrawn batch of the same id lives again. */
  plan(plan: BatchPlan, { lane, at, runNo }: Planned): void {
    inTransaction(this.#db, () => {
      const known = this.#db.prepare('SELECT no FROM batch WHERE id = ?').get(plan.id);
      if (known === undefined) this.#insert(plan, { lane, at, runNo });
      else this.#revive(plan.id, at, runNo);
      const { no } = this.head(plan.id);
      const paths = plan.files.map(({ path }) => path);
      this.#looks.assign(plan.share, paths, (facts) => ({ ...facts, batch: no }));
      const detail = `${count(plan.files.length, 'file')}, ${plan.bytes} bytes`;
      recordEvent(this.#db, { at, batch: plan.id, what: 'batch.planned', detail });
    });
  }

  /** False when the batch is not planned any more. */
  markQueued(id: BatchId, at: number): boolean {
    return inTransaction(this.#db, () => this.#move(id, { to: 'queued', at, what: 'batch.queued' }));
  }

  /** Starts an attempt: epoch and attempts grow, and every result of an older attempt is refused from now on. */
  begin(id: BatchId, at: number): Batch {
    return inTransaction(this.#db, () => {
      this.#mustMove(id, { to: 'delivering', at, what: 'delivery.started' });
      this.#db.prepare('UPDATE batch SET epoch = epoch + 1, attempts = attempts + 1 WHERE id = ?').run(id);
      return this.get(id);
    });
  }

  /** The end of a good attempt: the state by the evidence, the receipt, and the SHA-256 of every file. */
  deliver(batch: Pick<Batch, 'id' | 'epoch'>, receipt: Receipt, hashes: Uint8Array, at: number): void {
    const { id, epoch } = batch;
    inTransaction(this.#db, () => {
      const { evidence, how } = receipt;
      this.#mustMove(id, { to: evidence, at, epoch, what: `delivery.${evidence}`, detail: how });
      this.#db
        .prepare('UPDATE batch SET receipt = ?, hashes = ?, error = NULL, not_before = 0 WHERE id = ?')
        .run(JSON.stringify(receipt), hashes, id);
    });
  }

  /** The end of an attempt that failed: again from `notBefore` on, or waits for a person, or never. */
  fail(
    { id, epoch }: Pick<Batch, 'id' | 'epoch'>,
    outcome: {
      readonly to: 'planned' | 'held' | 'rejected';
      readonly error: BatchError;
      readonly notBefore?: number;
    },
  ): void {
    const { to, error, notBefore } = outcome;
    inTransaction(this.#db, () => {
      const what = `delivery.${to === 'planned' ? 'retry' : to}`;
      this.#mustMove(id, { to, at: error.at, epoch, what, detail: `${error.code}: ${error.message}` });
      this.#setError(id, error);
      this.#db.prepare('UPDATE batch SET not_before = ? WHERE id = ?').run(notBefore ?? 0, id);
    });
  }

  /** An attempt that we stopped ourselves: it is not counted. */
  interrupt({ id, epoch }: Pick<Batch, 'id' | 'epoch'>, at: number): void {
    inTransaction(this.#db, () => {
      if (!this.#move(id, { to: 'planned', at, epoch, from: ['delivering'], what: 'delivery.interrupted' }))
        return;
      this.#db
        .prepare('UPDATE batch SET attempts = max(attempts - 1, 0), not_before = 0 WHERE id = ?')
        .run(id);
    });
  }

  /** A batch that cannot be delivered as planned: its files are free to be planned again, the bad one with its mark. */
  withdraw(batch: Batch, error: BatchError, mark: Mark): void {
    inTransaction(this.#db, () => {
      const { no } = this.head(batch.id);
      const detail = `${error.code}: ${error.message}`;
      this.#mustMove(batch.id, {
        to: 'withdrawn',
        at: error.at,
        epoch: batch.epoch,
        what: 'batch.withdrawn',
        detail,
      });
      this.#setError(batch.id, error);
      const paths = batch.files.map(({ path }) => path);
      this.#looks.assign(batch.share, paths, (facts) =>
        facts.batch === no ? { ...facts, batch: 0 } : facts,
      );
      if (error.path !== undefined)
        this.#looks.assign(batch.share, [error.path as SharePath], (facts) => ({
          ...facts,
          since: error.at,
          mark,
        }));
    });
  }

  /** Batches in flight whose job is gone, back to planned; what has moved on meanwhile is left alone. */
  backToPlanned(ids: readonly BatchId[], why: string, at: number): void {
    inTransaction(this.#db, () => {
      for (const id of ids)
        this.#move(id, {
          to: 'planned',
          at,
          from: ['queued', 'delivering'],
          what: 'batch.put-back',
          detail: why,
        });
    });
  }

  /** Puts a held, rejected or delivered batch back; attempts begin again. True when it was in such a state. */
  requeue(id: BatchId, at: number): boolean {
    return inTransaction(this.#db, () => {
      const from: BatchState[] = ['held', 'rejected', 'accepted', 'confirmed', 'verified'];
      if (!this.#move(id, { to: 'planned', at, from, what: 'batch.requeued' })) return false;
      this.#db.prepare('UPDATE batch SET attempts = 0, not_before = 0, receipt = NULL WHERE id = ?').run(id);
      return true;
    });
  }

  #insert(plan: BatchPlan, { lane, at, runNo }: Planned): void {
    this.#db
      .prepare(
        `INSERT INTO batch (id, lane, share, owner, destination, dataset, instrument, rule, reason, facts, addendum,
           compress, files, bytes, list, state, planned_at, changed_at, run)
         VALUES (:id, :lane, :share, :owner, :destination, :dataset, :instrument, :rule, :reason, :facts, :addendum,
           :compress, :files, :bytes, :list, 'planned', :at, :at, :run)`,
      )
      .run({
        id: plan.id,
        lane,
        share: plan.share,
        owner: plan.owner,
        destination: plan.destination,
        dataset: encodeBytes(plan.dataset),
        instrument: plan.instrument,
        rule: plan.rule,
        reason: plan.reason ?? null,
        facts: JSON.stringify(plan.facts),
        addendum: Number(plan.addendum),
        compress: Number(plan.compress),
        files: plan.files.length,
        bytes: plan.bytes,
        list: encodeList(plan.files),
        at,
        run: runNo,
      });
  }

  #revive(id: BatchId, at: number, runNo: number): void {
    this.#db
      .prepare(
        `UPDATE batch SET state = 'planned', run = ?, changed_at = ?, attempts = 0, not_before = 0, error = NULL
         WHERE id = ? AND state = 'withdrawn'`,
      )
      .run(runNo, at, id);
  }

  #setError(id: BatchId, error: BatchError): void {
    this.#db.prepare('UPDATE batch SET error = ? WHERE id = ?').run(JSON.stringify(error), id);
  }

  /** False when the batch is in no state from which the move is legal, or the attempt is not the newest. */
  #move(id: BatchId, { to, at, what, detail, epoch, from }: Move): boolean {
    const legal = statesBefore(to).filter((state) => from === undefined || from.includes(state));
    const moved = this.#db
      .prepare(
        `UPDATE batch SET state = ?, changed_at = ? WHERE id = ? AND (?4 IS NULL OR epoch = ?4)
           AND state IN (SELECT value FROM json_each(?5))`,
      )
      .run(to, at, id, epoch ?? null, JSON.stringify(legal));
    if (moved.changes === 0) return false;
    recordEvent(this.#db, { at, batch: id, what, detail: detail ?? '' });
    return true;
  }

  #mustMove(id: BatchId, move: Move): void {
    if (this.#move(id, move)) return;
    throw new IngestError(
      'LEASE_LOST',
      `batch ${id} is not in a state to become ${move.to}, or another attempt has it`,
      {
        hint: 'Nothing to do: the newer attempt records its own result.',
        context: { batchId: id },
      },
    );
  }
}

function unknown(id: BatchId): IngestError {
  return new IngestError('USAGE', `there is no batch ${id} in the ledger`, {
    hint: '`nightjar status` lists the batches.',
  });
}
