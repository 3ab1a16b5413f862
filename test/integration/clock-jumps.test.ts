import { describe, expect, it, vi } from 'vitest';
import { allDelivered } from '../../src/app/all-delivered.ts';
import { keepProbing } from '../../src/app/keep-probing.ts';
import { owedEvening } from '../../src/app/serve-evenings.ts';
import { destinationName, ownerId } from '../../src/core/ids.ts';
import { jumpingClock } from '../support/jumping-clock.ts';
import { entry, planOf, tempLedger } from '../support/ledger-fixture.ts';
import { seedLedger } from '../support/seed-ledger.ts';

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 22, 12);
const NOMAD = destinationName('nomad');
const never = new AbortController().signal;
const fail = (thrown: unknown): never => {
  throw thrown;
};
const away = { owner: ownerId('mueller'), code: 'DESTINATION_UNREACHABLE', reason: 'refused' };

describe('a clock that is set back by hours', () => {
  it('lets a batch go after the wait that was meant, not hours late', async () => {
    await using temp = await tempLedger();
    const { batches, dispatch } = temp.ledger;
    const [plan] = seedLedger(temp.ledger, [{ dir: 'SEM1/a', to: 'delivering', at: NOON }], NOON);
    const error = { code: 'DESTINATION_BUSY', message: '503', hint: 'wait', at: NOON };
    batches.fail(batches.get(plan?.id ?? planOf('x', []).id), {
      ...{ to: 'planned', error, notBefore: NOON + HOUR / 12 },
    });

    expect(dispatch.heads(NOON + 1000)).toEqual([]);
    expect(dispatch.heads(NOON - 5 * HOUR)).toEqual([]);
    expect(dispatch.heads(NOON - 5 * HOUR + HOUR / 12 - 1)).toEqual([]);
    expect(dispatch.heads(NOON - 5 * HOUR + HOUR / 12).map(({ id }) => id)).toEqual([plan?.id]);
  });

  it.each([
    ['ahead', HOUR],
    ['behind', -HOUR],
  ])(
    'and the clock of a worker beside it that is %s: each failure that it records is waited out, once',
    async (_where, by) => {
      await using temp = await tempLedger();
      const { batches, dispatch } = temp.ledger;
      const { id } = planOf('SEM1/a', [entry('x')]);
      batches.plan(planOf('SEM1/a', [entry('x')]), { lane: 'archive/a', at: NOON, runNo: 1 });
      let now = NOON;
      for (const wait of [60_000, 120_000]) {
        const at = now + by;
        batches.markQueued(id, now);
        const error = { code: 'DESTINATION_BUSY', message: '503', hint: 'wait', at };
        batches.fail(batches.begin(id, at), { to: 'planned', error, notBefore: at + wait });

        expect(dispatch.heads(now)).toEqual([]);
        expect(dispatch.nextDueAt(now)).toBe(now + wait);
        expect(dispatch.heads(now + wait - 1)).toEqual([]);
        now += wait;
        expect(dispatch.heads(now)).toHaveLength(1);
      }
    },
  );

  it('lets go what a worker wrote by the clock that all have when the evening with the other one is over', async () => {
    await using temp = await tempLedger();
    const { batches, dispatch } = temp.ledger;
    const { id } = planOf('SEM1/a', [entry('x')]);
    batches.plan(planOf('SEM1/a', [entry('x')]), { lane: 'archive/a', at: NOON + HOUR, runNo: 1 });
    batches.markQueued(id, NOON + HOUR);
    const error = { code: 'DESTINATION_BUSY', message: '503', hint: 'wait', at: NOON };
    batches.fail(batches.begin(id, NOON), { to: 'planned', error, notBefore: NOON + 60_000 });

    expect(dispatch.heads(NOON + 59_999)).toEqual([]);
    expect(dispatch.heads(NOON + 60_000)).toHaveLength(1);
  });

  it('asks a destination that is away at once, not hours late, also when the ledger fails just then', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const clock = jumpingClock();
    ledger.outages.begin(NOMAD, { ...away, at: clock.now() - 10 * HOUR, probeAt: clock.now() + HOUR / 12 });
    let [asked, looks] = [0, 0];
    const troubles: unknown[] = [];
    const busy = new Error('the ledger is busy');
    const askAt = (now: number): void => (troubles.length === 0 ? fail(busy) : ledger.outages.askAt(now));
    await using _ = keepProbing(
      ledger,
      {
        ...{
          outages: { ...ledger.outages, askAt },
          probe: { firstMs: 1000, maxMs: 600_000 },
          random: () => 1,
        },
        clock: { ...clock, sleep: async (_ms, signal) => clock.sleep(++looks, signal) },
        check: () => Promise.resolve((asked += 1)),
        ...{ emit: () => undefined, onWell: () => undefined },
      },
      (thrown) => troubles.push(thrown),
    );
    await vi.waitUntil(() => looks >= 2);
    const before = asked;

    clock.jump(-5 * HOUR);
    await vi.waitUntil(() => asked > 0);

    expect(before).toBe(0);
    expect(troubles).toEqual([busy]);
  });

  it('waits no longer for a destination that is away than it may', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const batch = planOf('SEM1/a', [entry('x')], { destination: NOMAD });
    ledger.batches.plan(batch, { lane: 'nomad/mueller', at: NOON, runNo: 1 });
    const time = { now: NOON, passed: 0 };
    const clock = {
      now: () => time.now + time.passed,
      monotonic: () => time.passed,
      sleep: (ms: number) => {
        time.passed += ms;
        if (time.passed === 2000) ledger.outages.begin(NOMAD, { ...away, at: clock.now(), probeAt: NOON });
        if (time.passed === 3000) time.now -= 8 * HOUR;
        return Promise.resolve();
      },
    };

    const quiet = { mayHeal: () => false, queueTrouble: () => undefined, isAtWork: () => false };
    await allDelivered({ ledger, clock, outageWaitMs: 60_000, ...quiet }, never);

    expect(time.passed).toBeGreaterThanOrEqual(62_000);
    expect(time.passed).toBeLessThan(63_000);
  });

  it('neither owes an evening that it had dated ahead, nor forgets one that it slept through', async () => {
    await using temp = await tempLedger();
    const { runs } = temp.ledger;
    const schedule = { evening: '20:00', timezone: 'UTC' };
    const evening = (day: number): number => Date.UTC(2026, 10, day, 20);
    const owed = (now: number): number | undefined => owedEvening(schedule, runs, now);
    const last = runs.start(evening(20), evening(20));
    runs.finish(last.no, evening(20) + HOUR, 'done', '{}');
    runs.start(evening(22) + 4 * 365 * 24 * HOUR, evening(22) + 4 * 365 * 24 * HOUR);

    expect(owed(evening(20) + 2 * HOUR)).toBeUndefined();
    expect(owed(evening(22) + HOUR)).toBe(evening(22));
  });

  it('tells in the next report what that run delivered, and not again what was told before', async () => {
    await using temp = await tempLedger();
    const { runs } = temp.ledger;
    const first = runs.start(NOON, undefined);
    runs.finish(first.no, NOON + HOUR, 'done', '{}');
    const ahead = runs.start(NOON + 100 * HOUR, undefined);
    runs.finish(ahead.no, NOON + 101 * HOUR, 'done', '{}');

    const next = runs.start(NOON + 2 * HOUR, undefined);

    expect(next.since).toBe(NOON + HOUR);
  });
});
