import type { DatabaseSync } from 'node:sqlite';
import { CLOCKS_APART_MS } from '../core/clock.ts';
import { type BatchId, batchId } from '../core/ids.ts';
import { type BatchHead, HEAD_COLUMNS, headOf } from './batch-row.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/** A delivered batch that may be asked for again; `since`: when its destination was last asked for it. */
export type AuditCandidate = { readonly id: BatchId; readonly since: number; readonly bytes: number };

/** What the destination last said of a batch. `holds` undefined: that it could not tell. */
export type AuditAnswer = {
  readonly head: BatchHead;
  readonly at: number;
  readonly holds: boolean | undefined;
  readonly said: string;
};

type Said = {
  readonly id: BatchId;
  readonly at: number;
  readonly said: string;
  /** It was asked in a round that comes by itself. */
  readonly isRound?: boolean | undefined;
};

/** What became of old deliveries when their destination was asked for them again. */
export function createReaudits(db: DatabaseSync) {
  return {
    /** Confirmed and verified batches that nobody has asked for since `before`. What a clock dated ahead counts as long ago. */
    candidates: (before: number, now: number): AuditCandidate[] =>
      db
        .prepare(
          `SELECT * FROM (SELECT id, no, bytes, max(iif(changed_at > ?2, 0, changed_at), iif(tried_at <= ?2, tried_at, 0)) AS since
             FROM batch LEFT JOIN reaudit ON batch = no WHERE state IN ('confirmed', 'verified')) WHERE since < ?1 ORDER BY no`,
        )
        .all(before, now + CLOCKS_APART_MS)
        .map((row) => ({
          id: batchId(String(row['id'])),
          since: Number(row['since']),
          bytes: Number(row['bytes']),
        })),

    /** When a round that came by itself was last told something, but for what a clock dated ahead; undefined: none ever was. */
    lastRound: (now: number): number | undefined => {
      const last = db.prepare('SELECT max(round_at) AS at FROM reaudit WHERE round_at <= ?');
      const at = last.get(now + CLOCKS_APART_MS)?.['at'];
      return typeof at === 'number' ? at : undefined;
    },

    /** It is there as it was delivered; told in the history. */
    holds: (answer: Said): void =>
      inTransaction(db, () => {
        note(db, answer, { at: answer.at, holds: true });
        recordEvent(db, { at: answer.at, batch: answer.id, what: 'audit.holds', detail: answer.said });
      }),

    /** It is not; the caller holds the batch in the same transaction, which the history tells. */
    fails: (answer: Said): void => {
      note(db, answer, { at: answer.at, holds: false });
    },

    /** It could not be told now: what was told before still counts. */
    unknown: (answer: Said): void =>
      inTransaction(db, () => {
        note(db, answer, undefined);
      }),

    /** When, since it was delivered as it is now, its destination last said that it is there; a clock dated ahead says nothing. */
    heldAt: ({ no, changedAt }: Pick<BatchHead, 'no' | 'changedAt'>, now: number): number | undefined => {
      const at = db
        .prepare('SELECT told_at FROM reaudit WHERE batch = ? AND holds = 1 AND told_at BETWEEN ? AND ?')
        .get(no, changedAt, now + CLOCKS_APART_MS)?.['told_at'];
      return typeof at === 'number' ? at : undefined;
    },

    /** What was asked since then, oldest first. */
    since: (since: number): AuditAnswer[] =>
      db
        .prepare(
          `SELECT ${HEAD_COLUMNS}, tried_at, told_at, holds, said FROM reaudit JOIN batch ON no = batch
             WHERE tried_at >= ? ORDER BY tried_at, no`,
        )
        .all(since)
        .map((row) => ({
          head: headOf(row),
          at: Number(row['tried_at']),
          holds: row['told_at'] === row['tried_at'] ? row['holds'] === 1 : undefined,
          said: String(row['said']),
        })),
  };
}

function note(
  db: DatabaseSync,
  { id, at, said, isRound = false }: Said,
  told: { readonly at: number; readonly holds: boolean } | undefined,
): void {
  db.prepare(
    `INSERT INTO reaudit (batch, tried_at, told_at, holds, said, round_at)
         SELECT no, ?2, ?3, ?4, ?5, iif(?6, ?3, NULL) FROM batch WHERE id = ?1
       ON CONFLICT (batch) DO UPDATE SET tried_at = excluded.tried_at, said = excluded.said,
         told_at = coalesce(excluded.told_at, told_at), holds = coalesce(excluded.holds, holds),
         round_at = coalesce(excluded.round_at, round_at)`,
  ).run(id, at, told?.at ?? null, told === undefined ? null : Number(told.holds), said, Number(isRound));
}
