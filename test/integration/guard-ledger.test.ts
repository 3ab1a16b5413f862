import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guardLedger } from '../../src/ledger/guard-ledger.ts';
import { inTransaction } from '../../src/ledger/transaction.ts';

const CORRUPT: unknown = expect.objectContaining({
  code: 'LEDGER_CORRUPT',
  hint: expect.stringContaining('newest backup') as string,
});
const PAGE = 4096;

let dir: string;
let file: string;
let db: DatabaseSync;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'nightjar-guard-'));
  file = join(dir, 'ledger.db');
  const made = new DatabaseSync(file);
  made.exec(`CREATE TABLE small (n INTEGER UNIQUE);
    CREATE TABLE long (n INTEGER PRIMARY KEY, filling TEXT);
    WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 500)
      INSERT INTO long SELECT n, hex(zeroblob(50)) FROM up`);
  made.close();
  // The last page is of the long table, somewhere behind its first rows.
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(PAGE, 0xff), 0, PAGE, statSync(file).size - PAGE);
  closeSync(fd);
  db = new DatabaseSync(file);
});

afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

const readRows = (): number => [...db.prepare('SELECT n, filling FROM long').iterate()].length;

describe('a ledger in which damage is met', () => {
  it('says LEDGER_CORRUPT, also in the middle of rows, and from then on is neither read nor written', () => {
    const damaged = guardLedger(db);
    const write = db.prepare('INSERT INTO small VALUES (?)');
    write.run(1);
    expect(damaged.aborted).toBe(false);

    expect(readRows).toThrow(CORRUPT);

    expect(damaged.reason).toEqual(CORRUPT);
    expect(() => write.run(2)).toThrow(CORRUPT);
    expect(() => db.prepare('SELECT n FROM small')).toThrow(CORRUPT);
    expect(() => db.exec('DELETE FROM small')).toThrow(CORRUPT);
    using other = new DatabaseSync(file);
    expect(other.prepare('SELECT n FROM small').all()).toEqual([{ n: 1 }]);
  });

  it('takes back what the transaction wrote before, even where the damage is caught', () => {
    guardLedger(db);

    const half = (): void =>
      inTransaction(db, () => {
        db.exec('INSERT INTO small VALUES (1)');
        expect(readRows).toThrow(CORRUPT);
      });

    expect(half).toThrow(CORRUPT);
    expect(db.isTransaction).toBe(false);
    using other = new DatabaseSync(file);
    expect(other.prepare('SELECT n FROM small').all()).toEqual([]);
  });

  it('is not what a refused value is: that is told as it was, and all goes on', () => {
    const damaged = guardLedger(db);
    const write = db.prepare('INSERT INTO small VALUES (?)');
    write.run(1);

    expect(() => write.run(1)).toThrow(/UNIQUE constraint failed/);

    write.run(2);
    expect(damaged.aborted).toBe(false);
  });
});
