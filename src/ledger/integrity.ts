import type { DatabaseSync } from 'node:sqlite';
import { corrupt, ledgerError } from './ledger-error.ts';

/** `quick`: every page and row; `full`: also that each index has exactly the rows of its table (sqlite.org/pragma.html). */
export type CheckDepth = 'quick' | 'full';

const SHOWN = 3;

/** Throws LEDGER_CORRUPT with the first things that are wrong. Reads the whole file and mends nothing. */
export function checkIntegrity(db: DatabaseSync, file: string, depth: CheckDepth): void {
  const pragma = depth === 'quick' ? 'quick_check' : 'integrity_check';
  const found = lookAt(db, pragma, file);
  if (found.length === 1 && found[0] === 'ok') return;
  throw corrupt(`the ledger ${file} is damaged: ${found.join('; ')}`);
}

function lookAt(db: DatabaseSync, pragma: string, file: string): string[] {
  try {
    return db
      .prepare(`PRAGMA ${pragma}(${SHOWN})`)
      .all()
      .map((row) => String(row[pragma]));
  } catch (error) {
    throw ledgerError(error, `check the ledger ${file}`);
  }
}
