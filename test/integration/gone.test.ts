import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeListing } from '../../src/core/listing.ts';
import type { Entry } from '../../src/core/model.ts';
import { joinPath, type SharePath, sortKey } from '../../src/core/share-path.ts';
import { encodeFacts, type Facts } from '../../src/ledger/facts.ts';
import { copyLedger, type Ledger, openLedger } from '../../src/ledger/open-ledger.ts';
import { SCHEMA_STEPS } from '../../src/ledger/schema.ts';
import { entry, look, planOf, SHARE, tempLedger } from '../support/ledger-fixture.ts';

const DIR = 'XRD/inbox' as SharePath;

/** Delivers what a look at the directory sees; the next look finds other files there. */
function evening(ledger: Ledger, runNo: number, entries: readonly Entry[]): void {
  ledger.looks.record(SHARE, [look(DIR, entries)], runNo * 1000, runNo);
  const fresh = entries.filter(({ name }) => factsAt(ledger, name)?.batch === 0);
  if (fresh.length === 0) return;
  const { id } = planOf(DIR, fresh);
  ledger.batches.plan(planOf(DIR, fresh), { lane: 'archive/mueller', at: runNo * 1000, runNo });
  ledger.batches.markQueued(id, runNo * 1000);
  const batch = ledger.batches.begin(id, runNo * 1000);
  const bytes = fresh.reduce((sum, { size }) => sum + size, 0);
  const receipt = { evidence: 'verified', how: 'read back', location: '/archive' } as const;
  ledger.batches.sending(batch, { id: 'c', name: 'c', location: 'c' });
  ledger.batches.deliver(batch, { ...receipt, files: fresh.length, bytes }, Buffer.alloc(32), runNo * 1000);
}

const factsAt = (ledger: Ledger, name: string): Facts | undefined =>
  ledger.looks.find(SHARE, joinPath(DIR, name))?.facts;

describe('a directory that is emptied every day', () => {
  let temp: Awaited<ReturnType<typeof tempLedger>>;
  beforeEach(async () => {
    temp = await tempLedger();
  });
  afterEach(async () => {
    await temp[Symbol.asyncDispose]();
  });

  it('has a row as large as what is in it, however much was in it once', () => {
    const ofDay = (day: number): Entry[] =>
      Array.from({ length: 100 }, (_, at) => entry(`day${day}-${at}.raw`, 10, day));
    const rowBytes = (): number => {
      using db = new DatabaseSync(join(temp.stateDir, 'ledger.db'));
      const row = db
        .prepare('SELECT length(listing) + length(facts) + coalesce(length(gone), 0) AS n FROM dir')
        .get();
      return Number(row?.['n']);
    };
    evening(temp.ledger, 10, ofDay(10));
    const first = rowBytes();

    for (let day = 11; day < 40; day++) evening(temp.ledger, day, ofDay(day));

    expect(rowBytes()).toBe(first);
  });

  it('knows a file again that comes back after many evenings, and sends another one beside it', () => {
    evening(temp.ledger, 1, [entry('a', 10, 1), entry('b', 10, 1)]);
    const { batch } = factsAt(temp.ledger, 'a') ?? {};
    for (let day = 2; day < 10; day++) evening(temp.ledger, day, [entry(`day${day}`)]);

    temp.ledger.looks.record(SHARE, [look(DIR, [entry('a', 10, 1), entry('b', 77, 5)])], 20_000, 20);

    expect(batch).toBeGreaterThan(0);
    expect(factsAt(temp.ledger, 'a')).toMatchObject({ batch, since: 1000 });
    expect(factsAt(temp.ledger, 'b')).toMatchObject({ batch: 0, prior: batch });
  });

  it('forgets what came back, so that it is told once only', () => {
    evening(temp.ledger, 1, [entry('a')]);
    evening(temp.ledger, 2, []);
    evening(temp.ledger, 3, [entry('a')]);

    using db = new DatabaseSync(join(temp.stateDir, 'ledger.db'));
    expect(db.prepare('SELECT count(*) AS n FROM gone').get()).toEqual({ n: 0 });
  });
});

describe('a ledger of the first format', () => {
  const was: Facts = { since: 1, batch: 7, prior: 0, mark: 'none' };
  /** Its `gone` column as it was written then. */
  function oldGone(name: string): Buffer {
    const listing = encodeListing([entry(name)]);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(listing.length);
    return Buffer.concat([head, listing, encodeFacts([was])]);
  }
  function oldLedger(): string {
    const dir = mkdtempSync(join(tmpdir(), 'nightjar-ledger-'));
    using db = new DatabaseSync(join(dir, 'ledger.db'));
    db.exec(`${SCHEMA_STEPS[0] ?? ''}; PRAGMA user_version = 1`);
    db.prepare(
      `INSERT INTO dir (share, key, listing, facts, gone, files, bytes, open, looked_at, run)
       VALUES (?, ?, ?, ?, ?, 0, 0, 0, 1, 1)`,
    ).run(SHARE, sortKey(DIR), Buffer.alloc(0), Buffer.alloc(0), oldGone('a'));
    return dir;
  }

  it.each(['open', 'copy'])('still knows what was gone then (%s)', (how) => {
    const dir = oldLedger();
    const ledger = how === 'open' ? openLedger(dir) : copyLedger(dir);

    ledger.looks.record(SHARE, [look(DIR, [entry('x')])], 2, 2);
    ledger.looks.record(SHARE, [look(DIR, [entry('x'), entry('a')])], 3, 3);

    expect(factsAt(ledger, 'a')).toEqual(was);
    ledger.close();
    rmSync(dir, { recursive: true });
  });
});
