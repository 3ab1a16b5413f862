import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeInstanceLock } from '../../src/ledger/instance-lock.ts';
import { backupLedger, checkLedgerFile, tryMigration } from '../../src/ledger/ledger-file.ts';
import { openDatabase } from '../../src/ledger/open-database.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import type { Pause } from '../../src/ledger/pauses.ts';
import { SCHEMA_STEPS } from '../../src/ledger/schema.ts';
import { makeOldLedger, stateOf } from '../support/old-ledger.ts';

/** The format before the newest. */
const OLD = SCHEMA_STEPS.length - 1;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nightjar-ledger-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const PAUSE: Pause = {
  ...{ kind: 'owner', name: 'mueller', reason: 'tests', since: 1 },
  ...{ until: undefined, code: undefined },
};
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const copies = (): string[] => readdirSync(dir).filter((name) => name.startsWith('ledger-format-'));

/** Writes over a page in the middle of the file: the root of the table that has the most rows. */
function damage(file: string): void {
  using db = new DatabaseSync(file);
  const root = Number(
    db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'event'").get()?.['rootpage'],
  );
  const page = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
  db.close();
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(page, 0xab), 0, page, (root - 1) * page);
  closeSync(fd);
}

/** Turns the owner's name into another one in the index of the pauses, and leaves the row as it is. */
function changeIndex(file: string): void {
  using db = new DatabaseSync(file);
  const root = Number(
    db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_pause_1'").get()?.[
      'rootpage'
    ],
  );
  const page = Number(db.prepare('PRAGMA page_size').get()?.['page_size']);
  db.close();
  const at = readFileSync(file).indexOf('mueller', (root - 1) * page);
  const fd = openSync(file, 'r+');
  writeSync(fd, 'nueller', at);
  closeSync(fd);
}

describe('a ledger of an older format', () => {
  it('is copied beside itself before it is brought forward, and the copy is what it was', () => {
    makeOldLedger(dir, OLD, 500);

    openLedger(dir).close();

    expect(copies()).toEqual([`ledger-format-${OLD}.db`]);
    const copy = join(dir, `ledger-format-${OLD}.db`);
    expect(stateOf(copy)).toEqual({ format: OLD, events: 500, whole: 'ok' });
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    expect(stateOf(join(dir, 'ledger.db'))).toMatchObject({ format: SCHEMA_STEPS.length, whole: 'ok' });
  });

  it('leaves an earlier copy of the same format alone when it is another ledger', () => {
    const earlier = join(dir, `ledger-format-${OLD}.db`);
    writeFileSync(earlier, 'somebody put this here');
    makeOldLedger(dir, OLD, 5);

    openLedger(dir).close();

    expect(readFileSync(earlier, 'utf8')).toBe('somebody put this here');
    expect(copies()).toHaveLength(2);
    expect(stateOf(join(dir, `ledger-format-${OLD}-2.db`)).events).toBe(5);
  });

  it('that an interrupted start has copied already is not copied twice', () => {
    const file = makeOldLedger(dir, OLD, 5);
    openLedger(dir).close();
    for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm'])
      if (existsSync(join(dir, name))) writeFileSync(join(dir, name), '');
    makeOldLedger(dir, OLD, 5);
    expect(stateOf(file).format).toBe(OLD);

    openLedger(dir).close();

    expect(copies()).toHaveLength(1);
  });

  it('is not brought forward below a Nightjar that runs on it', () => {
    makeOldLedger(dir, OLD, 5);
    const lock = takeInstanceLock(dir, 'nightjar serve (pid 1 on here)');

    expect(() => openLedger(dir)).toThrow(
      expect.objectContaining({
        code: 'LEDGER_LOCKED',
        message: expect.stringContaining('nightjar serve (pid 1 on here)') as string,
      }),
    );

    lock.release();
    expect(stateOf(join(dir, 'ledger.db')).format).toBe(OLD);
    expect(copies()).toEqual([]);
  });

  it('that is damaged is neither copied nor changed', () => {
    const file = makeOldLedger(dir, OLD, 5000);
    damage(file);
    const before = sha256(file);

    expect(() => openLedger(dir)).toThrow(expect.objectContaining({ code: 'LEDGER_CORRUPT' }));

    expect(sha256(file)).toBe(before);
    expect(copies()).toEqual([]);
  });

  it('can be tried on a copy: it says what would be done, and nothing has changed', () => {
    const file = makeOldLedger(dir, OLD, 50);
    const before = sha256(file);

    const tried = tryMigration(dir);

    expect(tried).toMatchObject({ from: OLD, to: SCHEMA_STEPS.length });
    expect(sha256(file)).toBe(before);
    expect(readdirSync(dir)).toEqual(['ledger.db']);
  });
});

describe('a ledger that is damaged', () => {
  it('is found out by the quick check, which changes nothing', () => {
    openLedger(dir).close();
    const file = join(dir, 'ledger.db');
    damage(file);
    const before = sha256(file);
    const ledger = openLedger(dir);

    expect(() => ledger.checkIntegrity()).toThrow(expect.objectContaining({ code: 'LEDGER_CORRUPT' }));

    ledger.close();
    expect(sha256(file)).toBe(before);
  });

  it('of which only an index is wrong is found by the full check', () => {
    const ledger = openLedger(dir);
    ledger.pauses.put(PAUSE);
    ledger.close();
    const file = join(dir, 'ledger.db');
    changeIndex(file);

    expect(checkLedgerFile(dir, 'quick')).toMatchObject({ format: SCHEMA_STEPS.length });
    expect(() => checkLedgerFile(dir, 'full')).toThrow(
      expect.objectContaining({
        code: 'LEDGER_CORRUPT',
        hint: expect.stringContaining('backup') as string,
      }),
    );
  });

  it('is not copied by a backup', () => {
    const file = makeOldLedger(dir, SCHEMA_STEPS.length, 5000);
    damage(file);

    expect(() => backupLedger(dir, join(dir, 'copy.db'))).toThrow(
      expect.objectContaining({ code: 'LEDGER_CORRUPT' }),
    );

    expect(readdirSync(dir).filter((name) => name.startsWith('copy'))).toEqual([]);
  });
});

describe('a backup of the ledger', () => {
  it('is whole while another process has the ledger open in the middle of a change', () => {
    const ledger = openLedger(dir);
    ledger.pauses.put(PAUSE);
    using other = new DatabaseSync(join(dir, 'ledger.db'));
    other.exec("BEGIN IMMEDIATE; UPDATE pause SET reason = 'half done'");

    const made = backupLedger(dir, join(dir, 'copy.db'));

    other.exec('ROLLBACK');
    ledger.close();
    expect(made).toMatchObject({ format: SCHEMA_STEPS.length, bytes: statSync(join(dir, 'copy.db')).size });
    using copy = new DatabaseSync(join(dir, 'copy.db'), { readOnly: true });
    expect(copy.prepare('SELECT reason FROM pause').all()).toMatchObject([{ reason: 'tests' }]);
    expect(statSync(join(dir, 'copy.db')).mode & 0o777).toBe(0o600);
  });

  it('put in the place of the ledger is the ledger', () => {
    const ledger = openLedger(dir);
    ledger.pauses.put(PAUSE);
    ledger.close();
    const restored = join(dir, 'restored');
    backupLedger(dir, join(dir, 'copy.db'));
    makeOldLedger(restored, 1, 1);
    for (const name of readdirSync(restored)) writeFileSync(join(restored, name), '');
    writeFileSync(join(restored, 'ledger.db'), readFileSync(join(dir, 'copy.db')));

    const again = openLedger(restored);

    expect(again.pauses.inForce(2)).toMatchObject([{ reason: 'tests' }]);
    again.close();
  });

  it('never goes over a file that is there', () => {
    openLedger(dir).close();
    const target = join(dir, 'copy.db');
    writeFileSync(target, 'the backup of yesterday');

    expect(() => backupLedger(dir, target)).toThrow(expect.objectContaining({ code: 'USAGE' }));

    expect(readFileSync(target, 'utf8')).toBe('the backup of yesterday');
    expect(readdirSync(dir).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('of no ledger says that there is none, and makes none', () => {
    expect(() => backupLedger(dir, join(dir, 'copy.db'))).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(readdirSync(dir)).toEqual([]);
  });

  it('takes the ledger as it is, without bringing it forward', () => {
    const file = makeOldLedger(dir, OLD, 7);

    const made = backupLedger(dir, join(dir, 'copy.db'));

    expect(made.format).toBe(OLD);
    expect(stateOf(join(dir, 'copy.db'))).toMatchObject({ format: OLD, events: 7 });
    expect(stateOf(file).format).toBe(OLD);
  });
});

/** sqlite.org/pragma.html#pragma_synchronous */
const FULL = 2;

describe('every commit of the ledger', () => {
  it('is on the disk before it counts: write-ahead log, synchronous FULL', () => {
    using db = openDatabase(dir);

    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: FULL });
  });
});
