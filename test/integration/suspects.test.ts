import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BatchId } from '../../src/core/ids.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { OTHERS_WAIT_MS, SUSPECT_WAITS_MS } from '../../src/ledger/suspects.ts';
import { chooseNext } from '../../src/queue/choose-next.ts';
import { entry, planOf, tempLedger } from '../support/ledger-fixture.ts';

const MINUTE = 60_000;
/** The others have just waited. */
const BEGIN = 400_000 * (SUSPECT_WAITS_MS + OTHERS_WAIT_MS);
const SLOTS = 3;
/** Of a process that never was: no process has a number as high. */
const GONE = '4194305 1';

/** A ledger with a dispatcher's loop around it, in which processes end by a word of the test. */
async function crashing() {
  const { ledger, stateDir, ...temp } = await tempLedger();
  const opened = [ledger];
  const db = new DatabaseSync(join(stateDir, 'ledger.db'));
  db.exec('PRAGMA synchronous = OFF');
  const { batches } = ledger;
  let { dispatch } = ledger;
  let now = BEGIN;
  let planned = 0;
  const inFlight = (): BatchId[] => dispatch.inFlight().map(({ id }) => id);
  return {
    ...{ batches, inFlight },
    pass: (ms: number) => (now += ms),
    /** Nothing is known any more but what the ledger says. */
    restart: (): void => {
      const again = openLedger(stateDir);
      opened.push(again);
      ({ dispatch } = again);
    },
    plan: (lane: string): BatchId => {
      const plan = planOf(`${lane}/${(planned += 1)}`, [entry('x')]);
      batches.plan(plan, { lane: `archive/${lane}`, at: now, runNo: 1 });
      return plan.id;
    },
    offered: (): BatchId[] => dispatch.heads(now).map(({ id }) => id),
    /** Begins all that may go. */
    fill: (): void => {
      let heads = dispatch.heads(now);
      const going = [...dispatch.inFlight()];
      for (;;) {
        const next = chooseNext(heads, going, new Map(), () => SLOTS);
        if (next === undefined) return;
        heads = heads.filter(({ id }) => id !== next.id);
        batches.markQueued(next.id, now);
        batches.begin(next.id, now);
        going.push({ ...next, state: 'delivering', isStill: false });
      }
    },
    begin: (id: BatchId) => {
      batches.markQueued(id, now);
      batches.begin(id, now);
    },
    succeed: (id: BatchId) => {
      const { epoch } = batches.head(id);
      const receipt = { evidence: 'verified', how: 'read', location: '/srv', files: 1, bytes: 10 } as const;
      batches.deliver({ id, epoch }, receipt, Buffer.alloc(32), now);
    },
    /** The process that delivers ends in the middle of all that it has, and another one begins. */
    crash: (ids: readonly BatchId[] = inFlight()): void => {
      const mark = db.prepare('UPDATE batch SET holder = ? WHERE id = ?');
      for (const id of ids) mark.run(GONE, id);
      batches.backToPlanned(ids, 'the last process ended', now);
    },
    crashesOf: (id: BatchId): number =>
      Number(db.prepare('SELECT crashes FROM batch WHERE id = ?').get(id)?.['crashes']),
    [Symbol.asyncDispose]: async () => {
      db.close();
      for (const one of opened.slice(1)) one.close();
      await temp[Symbol.asyncDispose]();
    },
  };
}

type Crashing = Awaited<ReturnType<typeof crashing>>;

function suspectOf(lab: Crashing, lane: string): BatchId {
  const id = lab.plan(lane);
  for (let times = 0; times < 2; times++) {
    lab.begin(id);
    lab.crash([id]);
  }
  return id;
}

describe('a batch that took its process along', () => {
  it('goes before all others when it has waited for an hour, alone, and they wait for that one attempt', async () => {
    await using lab = await crashing();
    const [bad, worse] = [suspectOf(lab, 'a'), suspectOf(lab, 'b')];
    const others = ['c', 'd', 'e'].map((lane) => lab.plan(lane));
    lab.pass(SUSPECT_WAITS_MS - 1);
    expect(lab.offered()).toEqual(others);
    lab.begin(others[0] as BatchId);
    lab.pass(1);

    expect(lab.offered()).toEqual([]);
    lab.succeed(others[0] as BatchId);
    expect(lab.offered()).toEqual([bad]);
    lab.begin(bad);
    expect(lab.offered()).toEqual([]);
    lab.pass(5 * MINUTE);
    lab.succeed(bad);

    expect(lab.offered()).toEqual(others.slice(1));
    lab.pass(SUSPECT_WAITS_MS);
    expect(lab.offered()).toEqual([worse]);
  });

  it('keeps the others waiting for ten minutes at most when an upload of hours is in flight, and again after an hour', async () => {
    await using lab = await crashing();
    const bad = suspectOf(lab, 'a');
    const [hours = bad, ...others] = ['b', 'c', 'd'].map((lane) => lab.plan(lane));
    lab.begin(hours);

    for (let round = 0; round < 2; round++) {
      expect(lab.offered()).toEqual(others);
      lab.pass(SUSPECT_WAITS_MS);
      expect(lab.offered()).toEqual([]);
      lab.restart();
      lab.pass(OTHERS_WAIT_MS - 1);
      expect(lab.offered()).toEqual([]);
      lab.pass(1);
    }
    expect(lab.offered()).toEqual(others);
    lab.succeed(hours);
    expect(lab.offered()).toEqual([bad]);
  });

  it('keeps the others no longer when the clock that was ahead is set back', async () => {
    await using lab = await crashing();
    lab.pass(1000 * SUSPECT_WAITS_MS);
    suspectOf(lab, 'a');
    lab.begin(lab.plan('b'));
    lab.plan('c');
    lab.pass(-1000 * SUSPECT_WAITS_MS);

    const waits = Array.from({ length: 14 }, () => {
      lab.pass(5 * MINUTE);
      return lab.offered().length === 0;
    });
    expect(waits.filter(Boolean)).toHaveLength(2);
  });

  it('that takes it along once more gives the others an hour, also in the process that comes after', async () => {
    await using lab = await crashing();
    const [bad, worse] = [suspectOf(lab, 'a'), suspectOf(lab, 'b')];
    const other = lab.plan('c');
    lab.pass(SUSPECT_WAITS_MS);
    expect(lab.offered()).toEqual([bad]);
    lab.begin(bad);
    lab.crash([bad]);

    expect(lab.offered()).toEqual([other]);
    lab.pass(SUSPECT_WAITS_MS);
    expect(lab.offered()).toEqual([worse]);
  });

  it('has waited long enough when a clock that was ahead had dated it, for nobody knows how long it was', async () => {
    await using lab = await crashing();
    lab.pass(1000 * SUSPECT_WAITS_MS);
    const bad = suspectOf(lab, 'a');
    lab.pass(-1000 * SUSPECT_WAITS_MS);
    lab.plan('b');

    expect(lab.offered()).toEqual([bad]);
  });

  it('is never in flight beside another, keeps the others for ten minutes of an hour, and comes to its end when they have', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }),
        fc.array(fc.nat({ max: 99 }), { minLength: 40, maxLength: 40 }),
        async (bad, draws) => {
          await using lab = await crashing();
          const first = Array.from({ length: 4 }, (_, at) => lab.plan(`lane${at}`));
          const isBad = new Set(bad.map((at) => first[at]));
          const waits: boolean[] = [];
          let drawn = 0;
          const draw = (below: number): number => (draws[(drawn += 1) % draws.length] ?? 0) % below;

          // Seven hours with a backlog, and then what is left.
          for (let step = 0; step < 7 * 12 || first.some((id) => !isOver(lab, id)); step++) {
            expect(step).toBeLessThan(14 * 12);
            lab.fill();
            // One that could go, and so waits if nothing is offered.
            if (step < 7 * 12) lab.plan(`lane${4 + step}`);
            const going = lab.inFlight();
            expect(going.length === 1 || going.every((id) => lab.crashesOf(id) < 2)).toBe(true);
            waits.push(
              going.every((id) => lab.crashesOf(id) < 2) && step < 7 * 12 && lab.offered().length === 0,
            );
            for (const ending of going.slice(draw(SLOTS + 1))) {
              if (isBad.has(ending)) {
                lab.crash();
                break;
              }
              lab.succeed(ending);
            }
            if (step % 20 === 19) lab.restart();
            lab.pass(5 * MINUTE);
          }

          for (const id of first)
            expect(lab.batches.head(id).state).toBe(isBad.has(id) ? 'held' : 'verified');
          for (const [at] of waits.slice(0, 6 * 12).entries())
            expect(waits.slice(at, at + 12).filter(Boolean).length).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: 4 },
    );
  });
});

const isOver = (lab: Crashing, id: BatchId): boolean =>
  ['held', 'verified'].includes(lab.batches.head(id).state);
