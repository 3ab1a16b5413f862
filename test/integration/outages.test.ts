import { describe, expect, it } from 'vitest';
import { type ErrorCode, IngestError } from '../../src/core/errors.ts';
import { destinationName, ownerId } from '../../src/core/ids.ts';
import type { Batch } from '../../src/core/model.ts';
import { type BreakerParts, createBreaker } from '../../src/delivery/breaker.ts';
import type { DeliveryEvent } from '../../src/delivery/delivery-event.ts';
import { probeOutages } from '../../src/delivery/probe-outages.ts';
import { type Ledger, openLedger } from '../../src/ledger/open-ledger.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { entry, planOf, tempLedger } from '../support/ledger-fixture.ts';

const NOMAD = destinationName('nomad');
const never = new AbortController().signal;

function fails(code: ErrorCode, status?: number, retryAfterMs?: number): IngestError {
  const context = status === undefined ? {} : { status };
  return new IngestError(code, `it failed with ${status ?? code}`, { hint: 'none', retryAfterMs, context });
}
const refused = (): IngestError => fails('DESTINATION_UNREACHABLE');

/** Batches of a real ledger, a destination that is as `state.ill` says, and no waiting but by the clock. */
function bench(ledger: Ledger, clock = new FakeClock(1_000_000)) {
  const state = { ill: undefined as IngestError | undefined, asked: [] as string[] };
  const events: DeliveryEvent[] = [];
  const parts: BreakerParts = {
    outages: ledger.outages,
    clock,
    probe: { firstMs: 30_000, maxMs: 600_000 },
    random: () => 1,
    emit: (event) => events.push(event),
    check: async ({ owner }) => {
      state.asked.push(owner);
      if (state.ill !== undefined) throw state.ill;
      return 'well';
    },
  };
  const plan = (name: string, owner = 'mueller'): Batch => {
    const made = planOf(name, [entry('a.dat')], { destination: NOMAD, owner: ownerId(owner) });
    ledger.batches.plan(made, { lane: `nomad/${owner}`, at: clock.now(), runNo: 1 });
    return { ...made, plannedAt: clock.now(), epoch: 0, attempts: 0 };
  };
  const probe = async (): Promise<void> =>
    await probeOutages({ ...parts, ownersWaiting: () => [], onWell: () => undefined }, never);
  const told = (): string[] => events.map(({ name }) => name).filter((name) => name !== 'destination.probed');
  return { parts, clock, state, told, plan, probe, breaker: createBreaker(parts) };
}

describe('an outage of a destination', () => {
  it('is one pause for all its batches, and costs none of them an attempt', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const { breaker, state, plan, told, clock } = bench(ledger);
    const batches = ['a', 'b', 'c'].map((name) => plan(name, name));
    state.ill = refused();

    const met = [];
    for (const batch of batches) met.push(await breaker.met(batch, refused(), never));

    expect(met).toEqual([true, true, true]);
    expect(ledger.pauses.inForce(clock.now())).toMatchObject([
      { kind: 'destination', name: 'nomad', code: 'DESTINATION_UNREACHABLE', since: 1_000_000, probes: 0 },
    ]);
    expect(ledger.dispatch.heads(clock.now())).toEqual([]);
    expect(told()).toEqual(['destination.away']);
  });

  it('is none when the destination answers well: then the batch itself is meant, and the attempt counts', async () => {
    await using temp = await tempLedger();
    const { breaker, plan, state, told } = bench(temp.ledger);

    expect(await breaker.met(plan('a'), fails('DESTINATION_BUSY', 502), never)).toBe(false);

    expect(state.asked).toEqual(['mueller']);
    expect(told()).toEqual([]);
    expect(temp.ledger.dispatch.heads(0)).toHaveLength(1);
  });

  it('is seen by several batches that fail in a row, though the destination answers when it is asked how it is', async () => {
    await using temp = await tempLedger();
    const { breaker, plan } = bench(temp.ledger);
    const answers = [];

    for (const name of ['a', 'b', 'c'])
      answers.push(await breaker.met(plan(name), fails('DESTINATION_BUSY', 503), never));

    expect(answers).toEqual([false, false, true]);
    expect(temp.ledger.outages.of(NOMAD)?.code).toBe('DESTINATION_BUSY');
  });

  it('is not seen in batches of one owner alone while those of others wait: they are not held back', async () => {
    await using temp = await tempLedger();
    const { breaker, plan, told, clock } = bench(temp.ledger);
    plan('of somebody else', 'chen');
    const answers = [];

    for (const name of ['a', 'b', 'c', 'd'])
      answers.push(await breaker.met(plan(name), fails('DESTINATION_BUSY', 500), never));

    expect(answers).toEqual([false, false, false, false]);
    expect(told()).toEqual([]);
    expect(temp.ledger.dispatch.heads(clock.now()).map(({ owner }) => owner)).toContain('chen');
    expect(await breaker.met(plan('e', 'chen'), fails('DESTINATION_BUSY', 500), never)).toBe(true);
  });

  it('is not seen in failures between which others arrive', async () => {
    await using temp = await tempLedger();
    const { breaker, plan } = bench(temp.ledger);

    for (const name of ['a', 'b', 'c', 'd']) {
      expect(await breaker.met(plan(name), fails('DESTINATION_BUSY', 503), never)).toBe(false);
      breaker.delivered(plan(`${name}, which arrives`));
    }

    expect(temp.ledger.outages.of(NOMAD)).toBeUndefined();
  });

  it.each([
    ['of the account', fails('TOKEN_REJECTED', 401)],
    ['of the batch', fails('BATCH_REFUSED', 400)],
    ['of one container that is busy', fails('DESTINATION_BUSY', 400, 60_000)],
    ['of the share', fails('SHARE_STALLED')],
    ['of its room', fails('QUOTA_EXCEEDED', 507)],
  ])('is not what a failure %s is', async (_of, error) => {
    await using temp = await tempLedger();
    const { breaker, plan, state } = bench(temp.ledger);
    state.ill = refused();

    expect(await breaker.met(plan('a'), error, never)).toBe(false);

    expect(state.asked).toEqual([]);
  });

  it('begins at once with 429, and the whole destination is left alone for as long as it says', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const { breaker, plan, probe, state, clock } = bench(ledger);
    plan('of another owner', 'schmidt');

    expect(await breaker.met(plan('a'), fails('DESTINATION_BUSY', 429, 120_000), never)).toBe(true);

    expect(ledger.dispatch.heads(clock.now())).toEqual([]);
    clock.advance(119_000);
    await probe();
    expect(state.asked).toEqual([]);
    clock.advance(1000);
    await probe();
    expect(state.asked).toEqual(['mueller']);
    expect(ledger.dispatch.heads(clock.now())).toHaveLength(2);
  });

  it('is asked about at growing intervals, and is over with the first batch that arrives', async () => {
    await using temp = await tempLedger();
    const { breaker, plan, probe, state, clock, told } = bench(temp.ledger);
    const batch = plan('a');
    state.ill = refused();
    await breaker.met(batch, refused(), never);
    state.asked.length = 0;

    const askedAt: number[] = [];
    for (let second = 0; second < 3600; second += 1) {
      clock.advance(1000);
      const before = state.asked.length;
      await probe();
      if (state.asked.length > before) askedAt.push(second + 1);
    }
    state.ill = undefined;
    clock.advance(600_000);
    await probe();
    breaker.delivered(batch);

    expect(askedAt).toEqual([30, 90, 210, 450, 930, 1530, 2130, 2730, 3330]);
    expect(told()).toEqual(['destination.away', 'destination.back']);
    expect(temp.ledger.outages.from(0)).toMatchObject([
      { since: 1_000_000, until: 5_200_000, probes: 10, waited: { batches: 1, files: 1, bytes: 10 } },
    ]);
  });

  it('takes no more room in the ledger for lasting a day', async () => {
    await using temp = await tempLedger();
    const { breaker, plan, probe, state, clock } = bench(temp.ledger);
    const batch = plan('a');
    state.ill = refused();
    await breaker.met(batch, refused(), never);
    const before = temp.ledger.history(batch.id).length;

    for (let minute = 0; minute < 1440; minute += 1) {
      clock.advance(60_000);
      await probe();
    }

    expect(state.asked.length).toBeGreaterThan(100);
    expect(temp.ledger.outages.from(0)).toHaveLength(1);
    expect(temp.ledger.history(batch.id)).toHaveLength(before);
  });

  it('goes on, and is told no second time, when batches fail again right after a good answer', async () => {
    await using temp = await tempLedger();
    const { breaker, plan, probe, clock, told } = bench(temp.ledger);
    const batches = ['a', 'b', 'c'].map((name) => plan(name));
    for (const batch of batches) await breaker.met(batch, fails('DESTINATION_BUSY', 503), never);

    for (let round = 0; round < 5; round += 1) {
      clock.advance(600_000);
      await probe();
      for (const batch of batches) await breaker.met(batch, fails('DESTINATION_BUSY', 503), never);
    }

    expect(told()).toEqual(['destination.away']);
    expect(temp.ledger.outages.from(0)).toMatchObject([{ since: 1_000_000, until: undefined }]);
  });

  it('counts against a batch that alone brings the destination down time and again', async () => {
    await using temp = await tempLedger();
    const { breaker, plan, probe, state, clock } = bench(temp.ledger);
    const poison = plan('a');
    const met = [];

    for (let round = 0; round < 3; round += 1) {
      state.ill = refused();
      met.push(await breaker.met(poison, refused(), never));
      state.ill = undefined;
      clock.advance(600_000);
      await probe();
      breaker.delivered(plan(`arrives in round ${round}`));
    }

    expect(met).toEqual([true, false, false]);
  });

  it.each([
    ['answers well when it is asked how it is', undefined],
    ['is down for a while after each', refused()],
  ])(
    'counts against several batches that fail again after each good answer of one that %s',
    async (_, ill) => {
      await using temp = await tempLedger();
      const { breaker, plan, probe, state, clock } = bench(temp.ledger);
      const parcels = ['a', 'b', 'c'].map((name) => plan(name));
      const counted = parcels.map(() => 0);

      for (let round = 0; round < 8; round += 1) {
        state.ill = ill;
        for (const [at, parcel] of parcels.entries())
          if (!(await breaker.met(parcel, fails('DESTINATION_BUSY', 504), never)))
            counted[at] = (counted[at] ?? 0) + 1;
        state.ill = undefined;
        clock.advance(600_000);
        await probe();
      }

      expect(Math.min(...counted)).toBeGreaterThanOrEqual(7);
    },
  );

  it('outlives the daemon, and is over without a delivery when nothing waits for it any more', async () => {
    await using temp = await tempLedger();
    const first = bench(temp.ledger);
    first.state.ill = refused();
    const batch = first.plan('a');
    await first.breaker.met(batch, refused(), never);
    temp.ledger.close();

    const ledger = openLedger(temp.stateDir);
    const second = bench(ledger, new FakeClock(2_000_000));
    expect(ledger.dispatch.heads(2_000_000)).toEqual([]);
    await second.probe();
    expect(ledger.dispatch.heads(2_000_000)).toHaveLength(1);
    ledger.batches.withdraw(
      batch,
      { code: 'x', message: 'x', hint: 'x', at: 1 },
      { paths: [], mark: 'none' },
    );
    await second.probe();

    expect(second.told()).toEqual(['destination.back']);
    expect(ledger.outages.of(NOMAD)).toBeUndefined();
    ledger.close();
  });

  it('is asked about with the credential of another owner when the first one has none any more', async () => {
    await using temp = await tempLedger();
    const { breaker, plan, parts, clock, state } = bench(temp.ledger);
    await breaker.met(plan('a'), fails('DESTINATION_BUSY', 429), never);
    clock.advance(30_000);
    const check: BreakerParts['check'] = async (of, signal) => {
      if (of.owner === 'mueller') throw fails('TOKEN_MISSING');
      return await parts.check(of, signal);
    };
    const ownersWaiting = () => [ownerId('mueller'), ownerId('schmidt')];

    await probeOutages({ ...parts, check, ownersWaiting, onWell: () => undefined }, never);

    expect(state.asked).toEqual(['schmidt']);
    expect(temp.ledger.outages.of(NOMAD)?.wellAt).toBe(1_030_000);
  });

  it('is tried at once when a person resumes the destination', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const { breaker, plan, clock } = bench(ledger);
    await breaker.met(plan('a'), fails('DESTINATION_BUSY', 429, 3_600_000), never);

    expect(ledger.pauses.lift('destination', 'nomad', clock.now())).toBe(true);

    expect(ledger.dispatch.heads(clock.now())).toHaveLength(1);
    expect(ledger.pauses.lift('destination', 'nomad', clock.now())).toBe(false);
  });
});
