import { mkdirSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { IngestError } from '../core/errors.ts';
import { ledgerError } from './ledger-error.ts';
import { ledgerIn, readOnlyUri } from './ledger-place.ts';
import { bringForward, checkVersion, formatOf, takeSteps } from './migrate.ts';
import { SCHEMA_STEPS } from './schema.ts';

/**
 * Opens (and makes or brings forward) the ledger in `stateDir`. WAL so that the daemon and the command line share
 * it; `synchronous=FULL` because anything less lost data in a real power cut. Throws LEDGER_TOO_NEW, LEDGER_CORRUPT,
 * LEDGER_LOCKED (an older Nightjar runs on it), STATE_DIR_UNUSABLE, DISK_FULL.
 */
export function openDatabase(stateDir: string): DatabaseSync {
  const file = ledgerIn(stateDir);
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const db = new DatabaseSync(file, { timeout: 10_000 });
    try {
      keepSafely(db, file);
      bringForward(db, stateDir);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw ledgerError(error, `open the ledger ${file}`);
  }
}

/**
 * A copy of the ledger in memory, for commands that must write nothing anywhere; an empty one when there is none yet.
 * Without the history but for that of deliveries.
 */
export function copyDatabase(stateDir: string): DatabaseSync {
  const file = ledgerIn(stateDir);
  const db = new DatabaseSync(':memory:');
  try {
    if (statSync(file, { throwIfNoEntry: false }) !== undefined) copyFrom(db, file);
    takeSteps(db, SCHEMA_STEPS.length);
    return db;
  } catch (error) {
    db.close();
    throw ledgerError(error, `read the ledger ${file}`);
  }
}

/** As it is on disk, in the form of the version that wrote it: an older one is brought forward in the copy. */
function copyFrom(db: DatabaseSync, file: string): void {
  db.exec(`ATTACH ${quoted(readOnlyUri(file))} AS disk`);
  const version = formatOf(db, 'disk');
  checkVersion(version, file);
  takeSteps(db, version);
  const tables = db.prepare(
    "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
  );
  for (const { name } of tables.all())
    if (name !== 'event') db.exec(`INSERT INTO main.${String(name)} SELECT * FROM disk.${String(name)}`);
  // A first start that found the disk full left an empty file: nothing is known yet.
  if (version > 0)
    db.exec("INSERT INTO main.event SELECT * FROM disk.event WHERE what GLOB 'delivery.*' ORDER BY no");
  db.exec('DETACH disk');
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Throws STATE_DIR_UNUSABLE where SQLite cannot keep a write-ahead log: what was committed could be lost. */
function keepSafely(db: DatabaseSync, file: string): void {
  const { journal_mode: mode } = db.prepare('PRAGMA journal_mode = WAL').get() ?? {};
  db.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
  if (mode === 'wal') return;
  throw new IngestError('STATE_DIR_UNUSABLE', `the ledger ${file} cannot have a write-ahead log there`, {
    hint: 'The state directory must be on a local disk: set state_dir to one.',
  });
}
