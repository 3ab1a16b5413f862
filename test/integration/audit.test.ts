import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditChain, historyLines } from '../../src/ledger/audit.ts';
import { BEGINNING, hashOfEvent } from '../../src/ledger/chain.ts';
import { recordEvent } from '../../src/ledger/events.ts';
import { openDatabase } from '../../src/ledger/open-database.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { inTransaction } from '../../src/ledger/transaction.ts';
import { makeOldLedger, UNCHAINED } from '../support/old-ledger.ts';
import { seedLedger } from '../support/seed-ledger.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nightjar-ledger-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

/** A ledger with a batch that was delivered, one that is held, and what happened to them; `no` of its newest event. */
function seeded(): number {
  const ledger = openLedger(dir);
  seedLedger(ledger, [
    { dir: 'SEM1/mueller/run_1', to: 'verified' },
    { dir: 'SEM1/mueller/run_2', to: 'held' },
  ]);
  ledger.close();
  using db = openDatabase(dir);
  return auditChain(db, undefined).events;
}

/** Changes the file as somebody who knows SQL would: the triggers go first. */
function forge(sql: string): void {
  using db = new DatabaseSync(join(dir, 'ledger.db'));
  db.exec(
    `DROP TRIGGER event_is_not_changed; DROP TRIGGER event_is_not_deleted; DROP TRIGGER event_is_chained; ${sql}`,
  );
}

function auditNow(head?: string): ReturnType<typeof auditChain> {
  using db = new DatabaseSync(join(dir, 'ledger.db'));
  return auditChain(db, head);
}

describe('the history of a ledger', () => {
  it('is a chain from its first event to its last, and says what its head is', () => {
    const events = seeded();

    const audit = auditNow();

    expect(events).toBeGreaterThan(5);
    expect(audit).toMatchObject({ events, broken: undefined, batches: 2 });
    using db = new DatabaseSync(join(dir, 'ledger.db'));
    let before: Uint8Array = BEGINNING;
    for (const line of historyLines(db)) before = hashOfEvent(before, line);
    expect(audit.head).toBe(Buffer.from(before).toString('hex'));
  });

  it.each([
    ['changed', "UPDATE event SET detail = 'nothing to see' WHERE no = 2"],
    ['deleted', 'DELETE FROM event WHERE no = 2'],
    ['written over', "INSERT OR REPLACE INTO event (no, at, what, detail) VALUES (2, 1, 'x', 'y')"],
    [
      'put in between',
      "INSERT INTO event (no, at, what, detail, hash) VALUES (-1, 1, 'x', 'y', zeroblob(32))",
    ],
    ['added without its hash', "INSERT INTO event (at, what, detail) VALUES (1, 'x', 'y')"],
  ])('refuses that an event is %s', (_how, sql) => {
    seeded();
    using db = new DatabaseSync(join(dir, 'ledger.db'));

    expect(() => db.exec(sql)).toThrow(/only ever added to/);
  });

  it.each([
    ['a changed detail', "UPDATE event SET detail = 'x' WHERE no = 3", 3],
    ['a changed time', 'UPDATE event SET at = at + 1 WHERE no = 3', 3],
    ['an event of another batch', 'UPDATE event SET batch = (SELECT max(no) FROM batch) WHERE no = 2', 2],
    ['another hash of a file list', 'UPDATE event SET digest = zeroblob(32) WHERE no = 1', 1],
    ['a missing event', 'DELETE FROM event WHERE no = 3', 3],
    ['a missing first event', 'DELETE FROM event WHERE no = 1', 1],
    [
      'an id of a batch that was changed',
      "UPDATE batch SET id = 'b-00000000000000000000000000000000' WHERE no = 1",
      2,
    ],
  ])('when forged tells of the first row that does not fit: %s', (_what, sql, row) => {
    seeded();
    forge(sql);

    expect(auditNow().broken).toMatchObject({ row });
  });

  it('of which the end was cut off is short of what there once was', () => {
    const events = seeded();
    forge(`DELETE FROM event WHERE no > ${events - 2}`);

    expect(auditNow().broken).toMatchObject({
      row: events - 1,
      why: expect.stringContaining(`there were ${events} events once`) as string,
    });
  });

  it('that goes on after its end was cut off has a gap there', () => {
    const events = seeded();
    forge(`DELETE FROM event WHERE no = ${events}`);
    {
      using db = openDatabase(dir);
      recordEvent(db, { at: 1, what: 'pause.lifted', detail: 'owner mueller' });
    }

    expect(auditNow().broken).toMatchObject({
      row: events,
      why: `event ${events} is missing; the next is ${events + 1}`,
    });
  });

  it.each([
    ['its list of files', 'UPDATE batch SET list = (SELECT list FROM batch WHERE no = 2) WHERE no = 1'],
    ['its hashes', 'UPDATE batch SET hashes = zeroblob(64) WHERE no = 1'],
    ['that it was delivered', "UPDATE batch SET state = 'confirmed' WHERE no = 2"],
  ])('covers of a batch %s', (_what, sql) => {
    seeded();
    forge(sql);

    expect(auditNow().broken?.why).toMatch(/^batch b-/);
  });

  it('knows a head that was noted earlier, and does not know one that never was', () => {
    seeded();
    const { head = '', events } = auditNow();
    {
      using db = openDatabase(dir);
      recordEvent(db, { at: 1, what: 'pause.lifted', detail: 'owner mueller' });
    }

    expect(auditNow(head)).toMatchObject({ noted: events, events: events + 1, broken: undefined });
    expect(auditNow('0'.repeat(64)).noted).toBeUndefined();
  });

  it('rebuilt from scratch by a forger holds by itself, and only the noted head tells', () => {
    seeded();
    const { head = '' } = auditNow();
    forge("UPDATE event SET detail = 'forged' WHERE no = 1");
    {
      using db = new DatabaseSync(join(dir, 'ledger.db'));
      let before: Uint8Array = BEGINNING;
      for (const line of [...historyLines(db)]) {
        before = hashOfEvent(before, line);
        db.prepare('UPDATE event SET hash = ? WHERE no = ?').run(before, line.no);
      }
    }

    expect(auditNow(head)).toMatchObject({ broken: undefined, noted: undefined });
  });

  it('fits its hashes whatever is written in it', () => {
    using db = openDatabase(dir);
    const texts = fc.string({ unit: 'binary', maxLength: 20 });
    const lone = fc.constantFrom('\udc80', 'K\udcffrner', '\ud800', 'a\0b', '"\\\u2028');
    let before = 0;
    inTransaction(db, () =>
      fc.assert(
        fc.property(fc.oneof(texts, lone), fc.integer({ min: 0, max: 2 ** 48 }), (detail, at) => {
          recordEvent(db, { at, what: 'scan.accepted', detail });
          before += 1;
        }),
        { numRuns: 500 },
      ),
    );

    expect(auditChain(db, undefined)).toMatchObject({ events: before, broken: undefined });
  });

  it('of a ledger from before the chain is chained when it is brought forward, with its batches', () => {
    makeOldLedger(dir, UNCHAINED, 300);
    {
      using db = new DatabaseSync(join(dir, 'ledger.db'));
      db.exec(`INSERT INTO batch (id, lane, share, owner, destination, dataset, instrument, rule, facts, addendum, compress, files,
          bytes, list, state, planned_at, changed_at, run)
        VALUES ('b-1', 'l', 's', 'o', 'd', x'00', 'i', 'r', '{}', 0, 0, 0, 0, x'00', 'planned', 0, 0, 0)`);
      db.exec("INSERT INTO event (at, batch, what, detail) VALUES (1, 1, 'batch.planned', 'of old')");
    }

    openLedger(dir).close();

    expect(auditNow()).toMatchObject({ events: 301, broken: undefined, batches: 0 });
    forge("UPDATE event SET detail = 'x' WHERE no = 301");
    expect(auditNow().broken).toMatchObject({ row: 301 });
  });
});
