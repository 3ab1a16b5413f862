import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { IngestError } from '../core/errors.ts';
import { ledgerError } from './ledger-error.ts';

export type InstanceLock = { readonly release: () => void };

/**
 * The right to run evenings and deliveries on this state directory: a small SQLite file held in EXCLUSIVE mode, which
 * the system frees with the process, whatever ends it (a pid file is not). Throws LEDGER_LOCKED naming the holder.
 */
export function takeInstanceLock(stateDir: string, holder: string): InstanceLock {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const note = join(stateDir, 'holder.db');
  const db = new DatabaseSync(join(stateDir, 'instance.lock'), { timeout: 300 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE IF NOT EXISTS held (x); COMMIT;');
  } catch (error) {
    db.close();
    if (error instanceof Error && /locked/.test(error.message)) throw lockedBy(note);
    throw ledgerError(error, `take the instance lock in ${stateDir}`);
  }
  try {
    writeHolder(note, holder);
  } catch (error) {
    db.close();
    throw error;
  }
  return { release: () => db.close() };
}

function writeHolder(note: string, holder: string): void {
  try {
    using db = new DatabaseSync(note);
    db.exec('CREATE TABLE IF NOT EXISTS holder (who TEXT); DELETE FROM holder;');
    db.prepare('INSERT INTO holder VALUES (?)').run(holder);
  } catch (error) {
    throw ledgerError(error, `write ${note}`);
  }
}

/** Who holds the instance lock right now, undefined when nobody does. Takes nothing and makes nothing. */
export function instanceHolder(stateDir: string): string | undefined {
  const file = join(stateDir, 'instance.lock');
  if (!existsSync(file)) return undefined;
  try {
    using db = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return undefined;
  } catch (error) {
    const locked = error instanceof Error && /locked/.test(error.message);
    return locked ? readHolder(join(stateDir, 'holder.db')) : undefined;
  }
}

function readHolder(note: string): string {
  const unnamed = 'another Nightjar process';
  try {
    using db = new DatabaseSync(note, { readOnly: true });
    return String(db.prepare('SELECT who FROM holder').get()?.['who'] ?? unnamed);
  } catch {
    // the name of the holder is a courtesy
    return unnamed;
  }
}

function lockedBy(note: string): IngestError {
  const who = readHolder(note);
  return new IngestError('LEDGER_LOCKED', `this state directory is in use by ${who}`, {
    hint: 'Only one process runs evenings. Wait for it, stop it, or look with `nightjar status`.',
    context: { holder: who },
  });
}
