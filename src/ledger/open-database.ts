import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { asIngestError, type ErrorCode, IngestError, systemCode } from '../core/errors.ts';
import { SCHEMA_STEPS } from './schema.ts';

export const LEDGER_FILE = 'ledger.db';

/**
 * Opens (and makes or brings forward) the ledger in `stateDir`. WAL so that the daemon and the command line share
 * it; `synchronous=FULL` because anything less lost data in a real power cut. Throws LEDGER_TOO_NEW, LEDGER_CORRUPT,
 * STATE_DIR_UNUSABLE, DISK_FULL.
 */
export function openDatabase(stateDir: string): DatabaseSync {
  const file = join(stateDir, LEDGER_FILE);
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const db = new DatabaseSync(file, { timeout: 10_000 });
    prepare(db, file);
    return db;
  } catch (error) {
    throw ledgerError(error, `open the ledger ${file}`);
  }
}

/**
 * A copy of the ledger in memory, for commands that must write nothing anywhere; an empty one when there is none yet.
 * Without the history but for that of deliveries.
 */
export function copyDatabase(stateDir: string): DatabaseSync {
  const file = join(stateDir, LEDGER_FILE);
  const db = new DatabaseSync(':memory:');
  try {
    if (statSync(file, { throwIfNoEntry: false }) !== undefined) copyFrom(db, file);
    prepare(db, file);
    return db;
  } catch (error) {
    db.close();
    throw ledgerError(error, `read the ledger ${file}`);
  }
}

/** As it is on disk, in the form of the version that wrote it: an older one is brought forward in the copy. */
function copyFrom(db: DatabaseSync, file: string): void {
  db.exec(`ATTACH ${quoted(readOnlyUri(file))} AS disk`);
  const version = Number(db.prepare('PRAGMA disk.user_version').get()?.['user_version'] ?? 0);
  checkVersion(version, file);
  takeSteps(db, version);
  const tables = db.prepare(
    "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
  );
  for (const { name } of tables.all())
    if (name !== 'event') db.exec(`INSERT INTO main.${String(name)} SELECT * FROM disk.${String(name)}`);
  // A first start that found the disk full left an empty file: nothing is known yet.
  if (version > 0) db.exec("INSERT INTO main.event SELECT * FROM disk.event WHERE what GLOB 'delivery.*'");
  db.exec('DETACH disk');
}

/**
 * Where no -wal lies beside the ledger nobody has it open, and SQLite would make -wal and -shm just to read it:
 * `immutable` keeps it from that (sqlite.org/wal.html, "Read-Only Databases").
 */
export function readOnlyUri(file: string): string {
  const inUse = statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined;
  const path = encodeURI(file).replaceAll('?', '%3f').replaceAll('#', '%23');
  return `file://${path}?mode=ro${inUse ? '' : '&immutable=1'}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function prepare(db: DatabaseSync, file: string): void {
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  checkVersion(Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0), file);
  takeSteps(db, SCHEMA_STEPS.length);
}

/** Brings the schema to a version, each step whole or not at all. */
function takeSteps(db: DatabaseSync, upTo: number): void {
  const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  for (const [index, step] of SCHEMA_STEPS.slice(0, upTo).entries()) {
    if (index < version) continue;
    db.exec(`BEGIN IMMEDIATE; ${step}; PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}

function checkVersion(version: number, file: string): void {
  if (version <= SCHEMA_STEPS.length) return;
  throw new IngestError(
    'LEDGER_TOO_NEW',
    `the ledger ${file} has format ${version}; this Nightjar knows formats up to ${SCHEMA_STEPS.length}`,
    { hint: 'A newer Nightjar wrote it. Install that version again, or a later one; nothing was changed.' },
  );
}

type Meaning = { readonly code: ErrorCode; readonly hint: string };

const FULL: Meaning = {
  code: 'DISK_FULL',
  hint: 'Free space on the file system of the state directory; nothing is lost, the next start goes on.',
};
const UNUSABLE: Meaning = {
  code: 'STATE_DIR_UNUSABLE',
  hint: 'The state directory must exist or be creatable, and belong to the user Nightjar runs as.',
};
const CORRUPT: Meaning = {
  code: 'LEDGER_CORRUPT',
  hint: 'Stop Nightjar, keep the file, and put the newest backup of the state directory in its place.',
};
const BUSY: Meaning = { code: 'LEDGER_UNAVAILABLE', hint: 'Another Nightjar process is writing; try again.' };

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const MEANINGS: ReadonlyMap<number, Meaning> = new Map([
  [5, BUSY], // SQLITE_BUSY
  [6, BUSY], // SQLITE_LOCKED
  [8, UNUSABLE], // SQLITE_READONLY
  [10, UNUSABLE], // SQLITE_IOERR
  [11, CORRUPT], // SQLITE_CORRUPT
  [13, FULL], // SQLITE_FULL
  [14, UNUSABLE], // SQLITE_CANTOPEN
  [26, CORRUPT], // SQLITE_NOTADB
]);

/** SQLite's errors, and those of the file system around it, as ours. */
export function ledgerError(error: unknown, attempted: string): IngestError {
  const { code, hint } = meaningOf(error) ?? {};
  if (code === undefined || hint === undefined) return asIngestError(error, attempted);
  const reason = error instanceof Error ? error.message : String(error);
  return new IngestError(code, `${attempted}: ${reason}`, { hint, cause: error });
}

function meaningOf(error: unknown): Meaning | undefined {
  if (error instanceof IngestError || typeof error !== 'object' || error === null) return undefined;
  if ('errcode' in error) return MEANINGS.get(Number(error.errcode) & 0xff);
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return FULL;
  return code?.startsWith('E') === true && !code.startsWith('ERR_') ? UNUSABLE : undefined;
}
