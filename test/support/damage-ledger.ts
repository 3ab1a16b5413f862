import { hash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const PAGE = 4096;

/**
 * Makes every page of a ledger unreadable but the first, below whoever has it open and is between two transactions. What is
 * in the write-ahead log goes to the file before: that also makes every process forget the pages that it remembers.
 */
export function damageLedger(stateDir: string): void {
  const file = join(stateDir, 'ledger.db');
  const db = new DatabaseSync(file);
  const { busy } = db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {};
  db.close();
  if (busy !== 0)
    throw new Error('somebody is in the middle of a transaction: the pages would stay in its log');
  const bytes = Buffer.alloc(statSync(file).size - PAGE, 0xff);
  const fd = openSync(file, 'r+');
  writeSync(fd, bytes, 0, bytes.length, PAGE);
  closeSync(fd);
}

/** Damages it, unless somebody is in the middle of a transaction. */
export function canDamage(stateDir: string): boolean {
  try {
    damageLedger(stateDir);
    return true;
  } catch {
    return false;
  }
}

/** The ledger and its log, to the byte. */
export const ledgerBytes = (stateDir: string): string =>
  ['ledger.db', 'ledger.db-wal']
    .map((name) => join(stateDir, name))
    .map((file) =>
      existsSync(file) && statSync(file).size > 0 ? hash('sha256', readFileSync(file)) : 'empty',
    )
    .join(' ');
