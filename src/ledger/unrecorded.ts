import type { DatabaseSync } from 'node:sqlite';
import type { BatchId } from '../core/ids.ts';
import type { BatchError } from './batch-row.ts';
import { ownMark } from './process-mark.ts';
import { inTransaction } from './transaction.ts';

/** Waits double from `firstMs` to `maxMs`. */
type Waits = { readonly firstMs: number; readonly maxMs: number };

/**
 * Attempts of this process that ended with nothing recorded (a row that does not decode, a defect): counted with those
 * whose process is gone (crashes.ts), and each waits longer. Without that, the batch would go again at once, for ever.
 */
export function createUnrecorded(db: DatabaseSync) {
  const read = db.prepare(
    `SELECT crashes FROM batch
       WHERE id = ? AND (state = 'queued' OR (state = 'delivering' AND holder IS ?))`,
  );
  const write = db.prepare('UPDATE batch SET crashes = ?, not_before = ?, error = ? WHERE id = ?');
  return {
    /** Nothing where another attempt has the batch, or it has moved on. It is put back like any whose job is gone. */
    note: (id: BatchId, error: BatchError, { firstMs, maxMs }: Waits): void =>
      inTransaction(db, () => {
        const row = read.get(id, ownMark() ?? null);
        if (row === undefined) return;
        const before = Number(row['crashes']);
        const wait = Math.min(maxMs, firstMs * 2 ** before);
        write.run(before + 1, error.at + wait, JSON.stringify(error), id);
      }),
  };
}
