import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { IngestError, systemCode } from '../core/errors.ts';
import { checkIntegrity } from './integrity.ts';

export type LedgerCopy = { readonly file: string; readonly bytes: number };

/**
 * Writes the ledger as it is at this instant to a new file, while others go on writing to it (sqlite.org/lang_vacuum.html).
 * The copy has been opened and checked, and is on the disk, before it gets its name. Throws USAGE when there is such a file.
 */
export function copyTo(db: DatabaseSync, target: string): LedgerCopy {
  if (existsSync(target)) throw isThere(target);
  return withCopy(db, target, (partial) => {
    const { size: bytes } = statSync(partial);
    if (!publish(partial, target)) throw isThere(target);
    return { file: target, bytes };
  });
}

/** The copy that is kept before a ledger is brought forward; the same one is not kept twice. */
export function keepCopy(db: DatabaseSync, stateDir: string, format: number): void {
  const named = (n: number): string => join(stateDir, `ledger-format-${format}${n === 1 ? '' : `-${n}`}.db`);
  withCopy(db, named(1), (partial) => {
    for (let n = 1; !publish(partial, named(n)); n++) if (isSame(partial, named(n))) return;
  });
}

/** Hands over a whole and checked copy under a passing name; it is gone afterwards, unless it was given another one. */
export function withCopy<T>(db: DatabaseSync, target: string, use: (partial: string) => T): T {
  removeLeft(target);
  const partial = `${target}.partial-${process.pid}`;
  try {
    // Made by us, so that nobody else can read it: file names and owners are in it.
    writeFileSync(partial, '', { mode: 0o600, flag: 'wx' });
    db.prepare('VACUUM INTO ?').run(partial);
    checkCopy(partial);
    sync(partial);
    return use(partial);
  } finally {
    rmSync(partial, { force: true });
  }
}

function checkCopy(partial: string): void {
  using copy = new DatabaseSync(partial, { readOnly: true });
  checkIntegrity(copy, partial, 'full');
}

/** False when there is a file of that name: it is never written over. */
function publish(partial: string, target: string): boolean {
  try {
    linkSync(partial, target);
  } catch (error) {
    if (systemCode(error) === 'EEXIST' || existsSync(target)) return false;
    if (!NO_LINKS.includes(systemCode(error) ?? '')) throw error;
    renameSync(partial, target);
  }
  sync(dirname(target));
  return true;
}

/** What file systems without hard links answer (exFAT, some SMB servers). */
const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'];

const isSame = (a: string, b: string): boolean =>
  statSync(a).size === statSync(b).size && readFileSync(a).equals(readFileSync(b));

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** What processes that were killed in the middle of the same have left. */
function removeLeft(target: string): void {
  const dir = dirname(target);
  const prefix = `${basename(target)}.partial-`;
  for (const name of readdirSync(dir)) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : undefined;
    if (pid !== undefined && (pid === process.pid || !isAlive(pid))) rmSync(join(dir, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

function isThere(target: string): IngestError {
  return new IngestError('USAGE', `there is a file ${target}, and a backup never goes over one`, {
    hint: 'Give another name, for example with the date in it, or move that file away.',
  });
}
