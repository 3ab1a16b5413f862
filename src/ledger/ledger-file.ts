import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { IngestError } from '../core/errors.ts';
import { copyTo, type LedgerCopy, withCopy } from './copy-ledger.ts';
import { type CheckDepth, checkIntegrity } from './integrity.ts';
import { ledgerError } from './ledger-error.ts';
import { ledgerIn, readOnlyUri } from './ledger-place.ts';
import { checkVersion, formatOf, takeSteps } from './migrate.ts';
import { SCHEMA_STEPS } from './schema.ts';

/** What is done to the ledger as a file, as it is: nothing here brings it forward. All throw USAGE where there is none. */

export type LedgerFacts = { readonly file: string; readonly bytes: number; readonly format: number };

/** Copies the ledger, whoever is writing to it, to a file that is not there yet. */
export function backupLedger(stateDir: string, target: string): LedgerCopy & { readonly format: number } {
  const attempted = `copy the ledger to ${target}`;
  return onFile(stateDir, attempted, (file) => {
    using db = new DatabaseSync(file, { timeout: 10_000 });
    try {
      accessSync(dirname(target), constants.W_OK | constants.X_OK);
      return { ...copyTo(db, target), format: formatOf(db) };
    } catch (error) {
      throw ofTarget(ledgerError(error, attempted), target);
    }
  });
}

/** What is wrong where the copy was to go is nothing that is wrong with the state directory. */
function ofTarget(error: IngestError, target: string): IngestError {
  const { code, message, cause } = error;
  const place = dirname(target);
  if (code === 'STATE_DIR_UNUSABLE')
    return new IngestError('USAGE', message, {
      hint: 'Give a file in a directory that is there and may be written to.',
      cause,
    });
  if (code === 'DISK_FULL')
    return new IngestError(code, message, { hint: `Free space in ${place}, or give another place.`, cause });
  return error;
}

/** Throws LEDGER_CORRUPT when it is damaged, and LEDGER_TOO_NEW. */
export function checkLedgerFile(stateDir: string, depth: CheckDepth): LedgerFacts {
  return onFile(stateDir, 'check the ledger', (file) => {
    using db = new DatabaseSync(readOnlyUri(file), { readOnly: true, timeout: 10_000 });
    checkVersion(formatOf(db), file);
    checkIntegrity(db, file, depth);
    return { file, bytes: statSync(file).size, format: formatOf(db) };
  });
}

/** What bringing it forward did to a copy that is gone again. `adds`: tables, columns and what else was not there. */
export type TriedMigration = {
  readonly from: number;
  readonly to: number;
  readonly adds: readonly string[];
  readonly bytes: number;
};

/** Brings a copy of the ledger forward and checks it whole; the ledger stays as it is. */
export function tryMigration(stateDir: string): TriedMigration {
  return onFile(stateDir, 'try to bring the ledger forward', (file) => {
    using db = new DatabaseSync(file, { timeout: 10_000 });
    const from = formatOf(db);
    checkVersion(from, file);
    const to = SCHEMA_STEPS.length;
    if (from === to) return { from, to, adds: [], bytes: statSync(file).size };
    return withCopy(db, join(stateDir, 'dry-run.db'), (partial) => {
      using copy = new DatabaseSync(partial);
      takeSteps(copy, to);
      checkIntegrity(copy, partial, 'full');
      const before = partsOf(db);
      const adds = [...partsOf(copy)].filter((part) => !before.has(part));
      return { from, to, adds, bytes: statSync(partial).size };
    });
  });
}

function partsOf(db: DatabaseSync): Set<string> {
  const tables = db.prepare(
    "SELECT type, name FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' ORDER BY rowid",
  );
  const columns = db.prepare('SELECT name FROM pragma_table_info(?)');
  const parts = new Set<string>();
  for (const { type, name } of tables.all()) {
    parts.add(`${String(type)} ${String(name)}`);
    if (type !== 'table') continue;
    for (const column of columns.all(String(name)))
      parts.add(`column ${String(name)}.${String(column['name'])}`);
  }
  return parts;
}

function onFile<T>(stateDir: string, attempted: string, work: (file: string) => T): T {
  const file = ledgerIn(stateDir);
  if (!existsSync(file))
    throw new IngestError('USAGE', `there is no ledger ${file}`, {
      hint: 'The first `nightjar run` or `nightjar serve` makes it. Is state_dir the right one?',
    });
  try {
    return work(file);
  } catch (error) {
    throw ledgerError(error, attempted);
  }
}
