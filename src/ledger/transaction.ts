import type { DatabaseSync } from 'node:sqlite';
import { ledgerError } from './ledger-error.ts';

/** Runs `work` in one write transaction: all of it is durable, or none. Inside another one it joins it. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  if (db.isTransaction) return work();
  try {
    db.exec('BEGIN IMMEDIATE');
  } catch (error) {
    throw ledgerError(error, 'write to the ledger');
  }
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw ledgerError(error, 'write to the ledger');
  }
}

/** Runs `work` on the ledger as it is now, whoever writes to it meanwhile; `work` writes nothing. */
export function inSnapshot<T>(db: DatabaseSync, work: () => T): T {
  if (db.isTransaction) return work();
  db.exec('BEGIN');
  try {
    return work();
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK');
  }
}
