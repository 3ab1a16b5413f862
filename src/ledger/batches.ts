import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, ShareName } from '../core/ids.ts';
import type { Batch, BatchPlan, Receipt } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import { type BatchState, statesBefore } from '../core/states.ts';
import { leaseLost, unknownBatch } from './batch-errors.ts';
import { type BadFiles, type Move, WAITING } from './batch-move.ts';
import { type BatchError, type BatchHead, batchOf, HEAD_COLUMNS, headOf } from './batch-row.ts';
import { digestOf } from './chain.ts';
import type { StoredContainer } from './containers.ts';
import { disownAttempts, holdAttempt, loseAttempt } from './crashes.ts';
import { recordEvent } from './events.ts';
import { freeFiles } from './free-files.ts';
import { keepGivenNames } from './given-names.ts';
import { insertBatch, type Planned } from './insert-batch.ts';
import { withJoined } from './joined.ts';
import type { Looks } from './looks.ts';
import { forgetKnownOutcome, forgetSent } from './outcomes.ts';
import { keepPlace, reviveBatch } from './revive-batch.ts';
import { tellPlanned } from './tell-planned.ts';
import { inTransaction } from './transaction.ts';

type Work = { readonly plan: BatchPlan; readonly planned: Planned };

/**
 * The batches and the moves of their state. Every move is held against the one table in core/states.ts, is one
 * transaction with what it brings along, and is told in the history.
 */
export class Batches {
  readonly #db: DatabaseSync;
  readonly #looks: Looks;
  #isDisowned = false;

  constructor(db: DatabaseSync, looks: Looks) {
    this.#db = db;
    this.#looks = looks;
  }

  /** The batch without its list; throws USAGE when there is none of that id. */
  head(id: BatchId): BatchHead {
    const row = this.#db.prepare(`SELECT ${HEAD_COLUMNS} FROM batch WHERE id = ?`).get(id);
    if (row === undefined) throw unknownBatch(id);
    return headOf(row);
  }

  headByNo(no: number): BatchHead | undefined {
    const row = this.#db.prepare(`SELECT ${HEAD_COLUMNS} FROM batch WHERE no = ?`).get(no);
    return row === undefined ? undefined : headOf(row);
  }

  /** The whole batch; throws USAGE when there is none of that id. */
  get(id: BatchId): Batch {
    const row = this.#db
      .prepare(`SELECT ${HEAD_COLUMNS}, facts, compress, apart, publish, list FROM batch WHERE id = ?`)
      .get(id);
    if (row === undefined) throw unknownBatch(id);
    return withJoined(this.#db, batchOf(row), Number(row['no']));
  }

  /** The SHA-256 recorded for each file of a delivered batch, 32 bytes each in list order; empty before. */
  hashes(id: BatchId): Uint8Array {
    const value = this.#db.prepare('SELECT hashes FROM batch WHERE id = ?').get(id)?.['hashes'];
    return value instanceof Uint8Array ? value : new Uint8Array();
  }

  /** Records a planned batch and that it holds its files. A withdrawn batch of the same id lives again. */
  plan(plan: BatchPlan, planned: Planned): void {
    this.planAll([{ plan, planned }]);
  }

  /** The same for many, in one transaction: a directory is written once for all of its batches. */
  planAll(works: readonly Work[]): void {
    this.#planAll(works, (...of) => this.#looks.assign(...of));
  }

  /** The same of files that a batch held just now, some of which may be away from their place. */
  planAgain(works: readonly Work[]): void {
    this.#planAll(works, (...of) => this.#looks.assignEver(...of));
  }

  #planAll(works: readonly Work[], assign: Looks['assignEver']): void {
    inTransaction(this.#db, () => {
      const holders = new Map<ShareName, Map<SharePath, number>>();
      for (const { plan, planned } of works) {
        const no = this.#record(plan, planned);
        const inShare = holders.get(plan.share) ?? new Map<SharePath, number>();
        for (const { path } of plan.files) inShare.set(path, no);
        holders.set(plan.share, inShare);
      }
      for (const [share, numbers] of holders)
        assign(share, [...numbers.keys()], (facts, path) => ({
          ...facts,
          batch: numbers.get(path) ?? facts.batch,
        }));
    });
  }

  /** The number of the batch's row, new or living again. */
  #record(plan: BatchPlan, planned: Planned): number {
    const known = this.#db.prepare('SELECT no FROM batch WHERE id = ?').get(plan.id)?.['no'];
    if (known !== undefined) reviveBatch(this.#db, plan, planned);
    const no = known ?? insertBatch(this.#db, plan, planned);
    keepGivenNames(this.#db, plan);
    tellPlanned(this.#db, plan, planned.at);
    return Number(no);
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
      if (!this.#isDisowned) holdAttempt(this.#db, id);
      return this.get(id);
    });
  }

  /** From here on bytes of it may be at the destination; recorded before the first one moves. */
  sending({ id, epoch }: Pick<Batch, 'id' | 'epoch'>, container: StoredContainer): void {
    inTransaction(this.#db, () => {
      const marked = this.#db
        .prepare(
          `UPDATE batch SET sent = 1, container = ?, sent_order = (SELECT coalesce(max(sent_order), 0) + 1 FROM batch)
             WHERE id = ? AND epoch = ? AND state = 'delivering'`,
        )
        .run(JSON.stringify(container), id, epoch);
      if (marked.changes === 0) throw leaseLost(id, 'be sent');
    });
  }

  /** The end of a good attempt: the state by the evidence, the receipt, and the SHA-256 of every file. */
  deliver(batch: Pick<Batch, 'id' | 'epoch'>, receipt: Receipt, hashes: Uint8Array, at: number): void {
    const { id, epoch } = batch;
    inTransaction(this.#db, () => {
      const { evidence, how } = receipt;
      const digest = digestOf(hashes);
      this.#mustMove(id, { to: evidence, at, epoch, what: `delivery.${evidence}`, detail: how, digest });
      this.#db
        .prepare('UPDATE batch SET receipt = ?, hashes = ?, error = NULL, not_before = 0 WHERE id = ?')
        .run(JSON.stringify(receipt), hashes, id);
    });
  }

  /** The end of an attempt that failed: again from `notBefore` on (whether it `counts` or not), or held, or never. */
  fail(
    { id, epoch }: Pick<Batch, 'id' | 'epoch'>,
    outcome: {
      readonly to: 'planned' | 'held' | 'rejected';
      readonly error: BatchError;
      readonly notBefore?: number;
      readonly counts?: boolean;
      /** What became of an earlier attempt stays unknown. */
      readonly mayBeThere?: boolean;
    },
  ): void {
    const { to, error, notBefore = 0, counts = true, mayBeThere = false } = outcome;
    inTransaction(this.#db, () => {
      const what = `delivery.${to === 'planned' ? 'retry' : to}`;
      this.#mustMove(id, { to, at: error.at, epoch, what, detail: `${error.code}: ${error.message}` });
      this.#setError(id, error);
      if (!mayBeThere) forgetKnownOutcome(this.#db, id, error.code);
      this.#db
        .prepare('UPDATE batch SET not_before = ?, attempts = max(attempts - ?, 0) WHERE id = ?')
        .run(notBefore, counts ? 0 : 1, id);
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

  /** A batch that cannot be delivered as planned: see freeFiles, also for the answer. */
  withdraw(batch: Batch, error: BatchError, bad: BadFiles): ReadonlySet<SharePath> {
    return inTransaction(this.#db, () => {
      const { id, epoch } = batch;
      const head = this.head(id);
      const detail = `${error.code}: ${error.message}`;
      this.#mustMove(id, { to: 'withdrawn', at: error.at, epoch, what: 'batch.withdrawn', detail });
      this.#setError(id, error);
      return freeFiles({ db: this.#db, looks: this.#looks }, batch, head, { bad, at: error.at });
    });
  }

  /** `withdraw` of one that waits or is held; false when it is on its way or done: it is left as it is. */
  withdrawWaiting(batch: Batch, error: BatchError, bad: BadFiles): boolean {
    return inTransaction(this.#db, () => {
      if (!WAITING.includes(this.head(batch.id).state)) return false;
      this.withdraw(batch, error, bad);
      return true;
    });
  }

  /**
   * `withdraw`, and at once what `cut` makes of the rest, in pieces: nothing can come in between. The rest is without the
   * bad files, and without those of which another version is known: that is in another batch, or planned by itself.
   */
  recut(
    batch: Batch,
    error: BatchError,
    bad: BadFiles,
    cut: (rest: Batch) => readonly BatchPlan[],
  ): readonly BatchPlan[] {
    return inTransaction(this.#db, () => {
      const { lane, runNo } = this.head(batch.id);
      const without = this.withdraw(batch, error, bad).union(new Set(bad.paths));
      const pieces = cut({ ...batch, files: batch.files.filter(({ path }) => !without.has(path)) });
      const planned = { lane, at: error.at, runNo, plannedAt: batch.plannedAt };
      this.planAgain(pieces.map((plan) => ({ plan, planned })));
      keepPlace(
        this.#db,
        batch.id,
        pieces.map(({ id }) => id),
      );
      return pieces;
    });
  }

  /**
   * Batches in flight whose job is gone, back to planned; what has moved on meanwhile is left alone. Such an attempt does
   * not count. Answers with those that are held instead, for they ended too many processes (see crashes.ts).
   */
  backToPlanned(ids: readonly BatchId[], why: string, at: number): BatchId[] {
    return inTransaction(this.#db, () => ids.filter((id) => this.#putBackOrHold(id, why, at)));
  }

  #putBackOrHold(id: BatchId, why: string, at: number): boolean {
    const { detail, error } = loseAttempt(this.#db, id, { why, at });
    if (error === undefined) {
      this.#move(id, { to: 'planned', at, from: ['queued', 'delivering'], what: 'batch.put-back', detail });
      return false;
    }
    this.#mustMove(id, { to: 'held', at, what: 'delivery.held', detail });
    this.#setError(id, error);
    return true;
  }

  /** This process was told to end: what it delivers from now on is not to blame when it ends before that does. */
  disown(): void {
    this.#isDisowned = true;
    inTransaction(this.#db, () => disownAttempts(this.#db));
  }

  /** Puts a held, rejected or delivered batch back, true when it was such a one. `kept`: what went out is looked for first. */
  requeue(id: BatchId, at: number, sent: 'forgotten' | 'kept' = 'forgotten'): boolean {
    return inTransaction(this.#db, () => {
      const from: BatchState[] = ['held', 'rejected', 'accepted', 'confirmed', 'verified'];
      if (!this.#move(id, { to: 'planned', at, from, what: 'batch.requeued' })) return false;
      this.#db.prepare('UPDATE batch SET attempts = 0, crashes = 0, not_before = 0 WHERE id = ?').run(id);
      if (sent === 'forgotten') forgetSent(this.#db, id);
      return true;
    });
  }

  #setError(id: BatchId, error: BatchError): void {
    this.#db.prepare('UPDATE batch SET error = ? WHERE id = ?').run(JSON.stringify(error), id);
  }

  /** False when the batch is in no state from which the move is legal, or the attempt is not the newest. */
  #move(id: BatchId, { to, at, what, detail, digest, epoch, from }: Move): boolean {
    const legal = statesBefore(to).filter((state) => from === undefined || from.includes(state));
    const moved = this.#db
      .prepare(
        `UPDATE batch SET state = ?1, changed_at = ?2, holder = NULL, crashes = CASE WHEN ?4 IS NULL THEN crashes ELSE 0 END
           WHERE id = ?3 AND (?4 IS NULL OR epoch = ?4) AND state IN (SELECT value FROM json_each(?5))`,
      )
      .run(to, at, id, epoch ?? null, JSON.stringify(legal));
    if (moved.changes === 0) return false;
    const covered = digest === undefined ? {} : { digest };
    recordEvent(this.#db, { at, batch: id, what, detail: detail ?? '', ...covered });
    return true;
  }

  #mustMove(id: BatchId, move: Move): void {
    if (this.#move(id, move)) return;
    throw leaseLost(id, `become ${move.to}`);
  }
}
