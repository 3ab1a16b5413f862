import type { DatabaseSync } from 'node:sqlite';
import type { BatchId } from '../core/ids.ts';

/** One line of the append-only history. */
export type LedgerEvent = { readonly at: number; readonly what: string; readonly detail: string };

export function recordEvent(db: DatabaseSync, event: LedgerEvent & { readonly batch?: BatchId }): void {
  db.prepare(
    'INSERT INTO event (at, batch, what, detail) VALUES (?, (SELECT no FROM batch WHERE id = ?), ?, ?)',
  ).run(event.at, event.batch ?? null, event.what, event.detail);
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
