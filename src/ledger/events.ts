import type { DatabaseSync } from 'node:sqlite';
import type { BatchId } from '../core/ids.ts';
import { BEGINNING, hashOfEvent } from './chain.ts';
import { inTransaction } from './transaction.ts';

/** One line of the append-only history. */
export type LedgerEvent = { readonly at: number; readonly what: string; readonly detail: string };

/** An event to be recorded. `batch`: its id, or the number of its row. */
export type NewEvent = LedgerEvent & {
  readonly batch?: BatchId | number;
  /** SHA-256 of what was recorded with it. */
  readonly digest?: Uint8Array;
};

/** Adds an event to the end of the chain, together with what else its transaction records. */
export function recordEvent(db: DatabaseSync, { at, batch, what, detail, digest }: NewEvent): void {
  inTransaction(db, () => {
    const { no, hash: before } = lastOf(db);
    const about = batch === undefined ? undefined : batchRow(db, batch);
    const event = { no: no + 1, at, batch: about?.id ?? null, what, detail, digest: digest ?? null };
    db.prepare(
      'INSERT INTO event (no, at, batch, what, detail, digest, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ).run(event.no, at, about?.no ?? null, what, detail, event.digest, hashOfEvent(before, event));
  });
}

/** The end of the chain. The number is the highest that ever was: an event that was cut off leaves a gap. */
function lastOf(db: DatabaseSync): { no: number; hash: Uint8Array } {
  const last = db.prepare('SELECT no, hash FROM event ORDER BY no DESC LIMIT 1').get();
  const ever = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'event'").get();
  const hash = last?.['hash'];
  return {
    no: Math.max(Number(last?.['no'] ?? 0), Number(ever?.['seq'] ?? 0)),
    hash: hash instanceof Uint8Array ? hash : BEGINNING,
  };
}

function batchRow(db: DatabaseSync, batch: BatchId | number): { no: number; id: string } | undefined {
  const by = typeof batch === 'number' ? 'no' : 'id';
  const row = db.prepare(`SELECT no, id FROM batch WHERE ${by} = ?`).get(batch);
  return row === undefined ? undefined : { no: Number(row['no']), id: String(row['id']) };
}

/** What happened to a batch, oldest first. */
export function historyOf(db: DatabaseSync, id: BatchId): LedgerEvent[] {
  return db
    .prepare(
      'SELECT at, what, detail FROM event WHERE batch = (SELECT no FROM batch WHERE id = ?) ORDER BY no',
    )
    .all(id)
    .map((row) => ({ at: Number(row['at']), what: String(row['what']), detail: String(row['detail']) }));
}

/** Hash of the newest event in hex: who has noted it can tell later whether the history up to here was changed. */
export function headOfHistory(db: DatabaseSync): string | undefined {
  const { hash } = db.prepare('SELECT hash FROM event ORDER BY no DESC LIMIT 1').get() ?? {};
  return hash instanceof Uint8Array ? Buffer.from(hash).toString('hex') : undefined;
}
