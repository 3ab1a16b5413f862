import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import { type SharePath, sortKey } from '../core/share-path.ts';
import { inTransaction } from './transaction.ts';

/** A walk, and the newest one before it that was believed (0 = none was). */
export type Walk = { readonly runNo: number; readonly trusted: number };

/**
 * Notes for every directory at or below these paths that the walk could not tell whether it is there: what was there
 * at the trusted walk, or out of reach then, is out of reach now. What had gone before stays gone.
 */
export function markOutOfReach(
  db: DatabaseSync,
  share: ShareName,
  paths: readonly SharePath[],
  { runNo, trusted }: Walk,
): void {
  const mark = db.prepare(
    `UPDATE dir SET unknown = ?1 WHERE share = ?2 AND run < ?1 AND (run >= ?3 OR unknown >= ?3)
       AND (key = ?4 OR (key > ?5 AND key < ?6))`,
  );
  inTransaction(db, () => {
    for (const path of paths) {
      const key = sortKey(path);
      mark.run(runNo, share, trusted, key, withByte(key, 0), withByte(key, 1));
    }
  });
}

/** Keys of what lies below a directory begin with its own and a NUL: see `sortKey`. */
const withByte = (key: Buffer, byte: number): Buffer => Buffer.concat([key, Buffer.from([byte])]);

export type KnownAmount = { readonly files: number; readonly bytes: number };

/** What is known of a share and was not proven gone since the walk `trusted`. */
export function amountKnown(db: DatabaseSync, share: ShareName, trusted: number): KnownAmount {
  return amountOf(
    db
      .prepare(
        'SELECT sum(files) AS files, sum(bytes) AS bytes FROM dir WHERE share = ?1 AND (run >= ?2 OR unknown >= ?2)',
      )
      .get(share, trusted),
  );
}

/** What is known below directories that the walk could not list. */
export function amountOutOfReach(db: DatabaseSync, share: ShareName, runNo: number): KnownAmount {
  return amountOf(
    db
      .prepare(
        'SELECT sum(files) AS files, sum(bytes) AS bytes FROM dir WHERE share = ?1 AND run < ?2 AND unknown >= ?2',
      )
      .get(share, runNo),
  );
}

function amountOf(row: Record<string, unknown> | undefined): KnownAmount {
  return { files: Number(row?.['files'] ?? 0), bytes: Number(row?.['bytes'] ?? 0) };
}
