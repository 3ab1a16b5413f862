import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { destinationName, ownerId } from '../../../src/core/ids.ts';
import { sharePath } from '../../../src/core/share-path.ts';
import { createAssigner } from '../../../src/ownership/assign-owner.ts';
import { type Circumstances, NOTHING_KNOWN } from '../../../src/ownership/circumstances.ts';
import type { Owner } from '../../../src/ownership/mapping.ts';
import { daysAfter } from '../../../src/ownership/owner-standing.ts';
import { mappingOf, type RuleText } from './mapping-of.ts';

type State = Omit<Owner, 'id' | 'aliases'>;

const RULES: readonly RuleText[] = [{ match: '{instrument}/{owner}/**' }];

/** Whose `SEM1/ada/x` is on a day, when ada and ben have these states. */
function onDay(
  day: string,
  states: Readonly<Record<string, State>>,
  { rules = RULES, around = {} }: { rules?: readonly RuleText[]; around?: Partial<Circumstances> } = {},
) {
  const mapping = mappingOf({ rules, owners: { ada: [], ben: [] } });
  const owners = mapping.owners.map((owner) => ({ ...owner, ...states[owner.id] }));
  const circumstances = { ...NOTHING_KNOWN, today: () => day, ...around };
  return createAssigner({ ...mapping, owners }, circumstances).assign(sharePath('SEM1/ada/x'));
}

const optOut = { until: '2026-12-31', reason: 'patent pending' };

describe('an owner who opted out', () => {
  it('has their data held to the end of the last day, and gets it after that', () => {
    expect(onDay('2026-12-31', { ada: { optOut } })).toEqual({
      kind: 'held',
      code: 'OPTED_OUT',
      owner: 'ada',
      reason: 'rule 1: ada opted out until 2026-12-31: patent pending',
      help: expect.stringContaining('opt_out'),
      earliest: Date.parse('2027-01-01T00:00:00Z'),
      instrument: 'SEM1',
      rules: ['rule 1'],
      destination: 'nomad',
    });
    expect(onDay('2027-01-01', { ada: { optOut } })).toMatchObject({ kind: 'owned', owner: 'ada' });
  });

  it('may have meant only some instruments', () => {
    expect(onDay('2026-01-01', { ada: { optOut: { ...optOut, instruments: ['TEM'] } } })).toMatchObject({
      owner: 'ada',
      kind: 'owned',
    });
    expect(onDay('2026-01-01', { ada: { optOut: { ...optOut, instruments: ['SEM1'] } } }).kind).toBe('held');
  });

  it('is obeyed also when they have left, so that no successor gets it', () => {
    const leaves = { on: '2026-06-30', successor: ownerId('ben') };

    expect(onDay('2026-07-01', { ada: { optOut, leaves } })).toMatchObject({
      kind: 'held',
      code: 'OPTED_OUT',
    });
  });
});

describe('an owner who is paused', () => {
  it('has their data held until then, or until the pause is taken away', () => {
    expect(
      onDay('2026-03-01', { ada: { paused: { until: '2026-03-01', reason: 'sabbatical' } } }),
    ).toMatchObject({
      ...{ kind: 'held', code: 'PAUSED', owner: 'ada' },
      reason: 'rule 1: ada is paused until 2026-03-01: sabbatical',
    });
    expect(onDay('2026-03-02', { ada: { paused: { until: '2026-03-01', reason: 'x' } } }).kind).toBe('owned');
    expect(onDay('2099-01-01', { ada: { paused: { reason: 'x' } } })).toMatchObject({
      reason: 'rule 1: ada is paused: x',
    });
  });
});

describe('an owner who leaves', () => {
  it('gets everything of their last day, and nothing later', () => {
    expect(onDay('2026-06-30', { ada: { leaves: { on: '2026-06-30' } } })).toMatchObject({ owner: 'ada' });
    expect(onDay('2026-07-01', { ada: { leaves: { on: '2026-06-30' } } })).toMatchObject({
      ...{ kind: 'held', code: 'OWNER_LEFT', reason: 'rule 1: ada left on 2026-06-30 and has no successor' },
    });
  });

  it('hands over to the successor, whose own state counts then', () => {
    const ada = { leaves: { on: '2026-06-30', successor: ownerId('ben') } };

    expect(onDay('2026-07-01', { ada })).toMatchObject({
      ...{ kind: 'owned', owner: 'ben' },
      reason: 'rule 1: ada left on 2026-06-30, the successor is ben',
    });
    expect(onDay('2026-07-01', { ada, ben: { paused: { reason: 'ill' } } })).toMatchObject({
      ...{ kind: 'held', owner: 'ben', code: 'PAUSED' },
      reason: 'rule 1: ada left on 2026-06-30, the successor is ben; ben is paused: ill',
    });
  });

  it('leaves it to the collector after so many days, and until then it is held', () => {
    const ada = { leaves: { on: '2026-06-30', collectorAfterDays: 30 } };

    expect(onDay('2026-07-30', { ada })).toMatchObject({
      ...{ kind: 'held', code: 'OWNER_LEFT', earliest: Date.parse('2026-07-31T00:00:00Z') },
    });
    expect(onDay('2026-07-31', { ada })).toMatchObject({
      ...{ owner: 'collector', code: 'OWNER_LEFT' },
      reason: 'rule 1: ada left on 2026-06-30, held until 2026-07-30 and not claimed',
    });
  });
});

describe('an owner whose token cannot be used', () => {
  const around: Partial<Circumstances> = {
    credential: (owner, destination) =>
      owner === 'ada' && destination === 'nomad'
        ? { message: 'token "ada" is empty', help: 'Write it.' }
        : undefined,
  };

  it('has their data held with the cure, never given to the collector', () => {
    expect(onDay('2026-01-01', {}, { around })).toMatchObject({
      ...{
        kind: 'held',
        code: 'NO_TOKEN',
        owner: 'ada',
        reason: 'rule 1: token "ada" is empty',
        help: 'Write it.',
      },
    });
  });

  it('has it given to the collector where the rule says so', () => {
    const rules: readonly RuleText[] = [{ match: '{instrument}/{owner}/**', withoutToken: 'collector' }];

    expect(onDay('2026-01-01', {}, { around, rules })).toMatchObject({
      ...{ kind: 'owned', owner: 'collector', code: 'NO_TOKEN', reason: 'rule 1: token "ada" is empty' },
    });
  });

  it('needs none where the destination needs none', () => {
    const rules: readonly RuleText[] = [
      { match: '{instrument}/{owner}/**', destination: destinationName('archive') },
    ];

    expect(onDay('2026-01-01', {}, { around, rules })).toMatchObject({ kind: 'owned', owner: 'ada' });
  });
});

describe('the day', () => {
  it('is the same for a whole run, whenever a directory was first looked at', () => {
    let [today, version] = ['2026-12-31', 0];
    const mapping = mappingOf({ rules: RULES, owners: { ada: [] } });
    const owners = mapping.owners.map((owner) => ({ ...owner, optOut }));
    const around = { ...NOTHING_KNOWN, today: () => today, version: () => version };
    const { assign } = createAssigner({ ...mapping, owners }, around);

    const before = assign(sharePath('SEM1/ada/x')).kind;
    [today, version] = ['2027-01-01', 1];

    expect([before, assign(sharePath('SEM1/ada/x')).kind]).toEqual(['held', 'owned']);
  });

  test('after some days is counted over every month and leap year', () => {
    expect(daysAfter('2026-12-31', 1)).toBe('2027-01-01');
    expect(daysAfter('2028-02-28', 2)).toBe('2028-03-01');
  });
});

const day = fc.integer({ min: 0, max: 60 }).map((days) => daysAfter('2026-01-01', days));
const state: fc.Arbitrary<State> = fc.record(
  {
    optOut: fc.record({ until: day, reason: fc.constant('x') }),
    paused: fc.record({ until: day, reason: fc.constant('x') }),
    leaves: fc.oneof(
      fc.record({ on: day, successor: fc.constant(ownerId('ben')) }),
      fc.record({ on: day, collectorAfterDays: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ on: day }),
    ),
  },
  { requiredKeys: [] },
);

test('never guesses: whatever the states, data goes to the owner, their named successor, or a collector with a code', () => {
  fc.assert(
    fc.property(day, state, state, fc.boolean(), (today, ada, { optOut, paused }, broken) => {
      const ben = { ...(optOut && { optOut }), ...(paused && { paused }) };
      const around: Partial<Circumstances> = {
        credential: () => (broken ? { message: 'm', help: 'c' } : undefined),
      };

      const given = onDay(today, { ada, ben }, { around });

      const wishes = ada.optOut !== undefined && today <= ada.optOut.until;
      expect((wishes || broken) && given.kind === 'owned' && given.owner !== 'collector').toBe(false);
      if (given.kind !== 'owned') return;
      const gone = ada.leaves !== undefined && today > ada.leaves.on;
      const expected = gone ? (ada.leaves?.successor ?? 'collector') : 'ada';
      expect(given.owner).toBe(expected);
      expect(given.code).toBe(expected === 'collector' ? 'OWNER_LEFT' : undefined);
    }),
  );
});
