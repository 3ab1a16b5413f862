import { statSync } from 'node:fs';
import { join } from 'node:path';

export const LEDGER_FILE = 'ledger.db';

export const ledgerIn = (stateDir: string): string => join(stateDir, LEDGER_FILE);

/**
 * Where no -wal lies beside the ledger nobody has it open, and SQLite would make -wal and -shm just to read it:
 * `immutable` keeps it from that (sqlite.org/wal.html, "Read-Only Databases").
 */
export function readOnlyUri(file: string): string {
  const inUse = statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined;
  const path = encodeURI(file).replaceAll('?', '%3f').replaceAll('#', '%23');
  return `file://${path}?mode=ro${inUse ? '' : '&immutable=1'}`;
}
