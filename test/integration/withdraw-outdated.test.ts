import { afterEach, beforeEach, expect, it } from 'vitest';
import { outdated, withdrawOutdated } from '../../src/app/withdraw-outdated.ts';
import { destinationName, ownerId } from '../../src/core/ids.ts';
import type { Assign, Assignment, Entry } from '../../src/core/model.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { entry, look, planOf, SHARE, tempLedger } from '../support/ledger-fixture.ts';

const DIR = 'SEM1/mueller/run_1';
const MEANT: Assignment = {
  ...{ kind: 'owned', owner: ownerId('mueller'), dataset: DIR as SharePath, instrument: 'SEM1' },
  ...{ rule: 'rule 1', facts: {}, settleMs: 0, destination: destinationName('archive'), compress: false },
};

let temp: Awaited<ReturnType<typeof tempLedger>>;
beforeEach(async () => {
  temp = await tempLedger();
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

function codeOf(apart: string | undefined, now: Assignment): string | undefined {
  const { batches } = temp.ledger;
  const plan = planOf(DIR, [entry('a.tif')], apart === undefined ? {} : { apart });
  batches.plan(plan, { lane: 'lane', at: 1, runNo: 1 });
  return outdated(batches.get(plan.id), () => now, temp.ledger)?.code;
}

it.each<[string, string | undefined, Assignment, string | undefined]>([
  ['goes where it went', undefined, MEANT, undefined],
  ['goes where it went, apart', 'rule 1', { ...MEANT, apart: 'rule 1' }, undefined],
  ['goes to another owner', undefined, { ...MEANT, owner: ownerId('chen') }, 'MAPPING_CHANGED'],
  ['is to be shared with the people of a rule', undefined, { ...MEANT, apart: 'rule 1' }, 'MAPPING_CHANGED'],
  ['is to be shared with nobody any more', 'rule 1', MEANT, 'MAPPING_CHANGED'],
  ['is to be shared with those of another rule', 'rule 1', { ...MEANT, apart: 'rule 2' }, 'MAPPING_CHANGED'],
  [
    'waits for its token',
    'rule 1',
    {
      ...{ kind: 'held', code: 'NO_TOKEN', reason: 'no token', instrument: 'SEM1', rules: [] },
      ...{ owner: ownerId('mueller'), destination: destinationName('archive') },
    },
    undefined,
  ],
])('a batch whose data %s is planned again if that is something else', (_, apart, now, code) => {
  expect(codeOf(apart, now)).toBe(code);
});

const CHEN: Assignment = { ...MEANT, owner: ownerId('chen') };

/** What becomes of a batch that was delivered and is held with this error since, when Nightjar starts with today's mapping. */
function afterStart(code: string, now: Assignment, maxBytes = 1_000_000): string {
  const { batches } = temp.ledger;
  const plan = planOf(DIR, [entry('a.tif')]);
  batches.plan(plan, { lane: 'lane', at: 1, runNo: 1 });
  batches.markQueued(plan.id, 1);
  const receipt = {
    evidence: 'confirmed',
    how: 'it said so',
    location: 'there',
    files: 1,
    bytes: 10,
  } as const;
  batches.deliver(batches.begin(plan.id, 1), receipt, new Uint8Array(32), 1);
  const error = { code, message: 'it is not as it was', hint: 'look there', at: 2 };
  batches.fail(batches.get(plan.id), { to: 'held', error });
  const limitsOf = () => ({ maxBytes, maxFiles: 10 });
  withdrawOutdated({ ledger: temp.ledger, assign: () => now, limitsOf, clock: new FakeClock(3) });
  return batches.head(plan.id).state;
}

it.each<[string, Assignment, number?]>([
  ['belong to another owner', CHEN],
  ['are to be shared with others', { ...MEANT, apart: 'rule 1' }],
  ['are more than a batch may hold', MEANT, 1],
])('a delivery that is gone waits for a person, also when its files %s now', (_, now, maxBytes) => {
  expect(afterStart('EVIDENCE_GONE', now, maxBytes)).toBe('held');
});

it('another held batch whose files belong to another owner now is planned again', () => {
  expect(afterStart('QUOTA_EXCEEDED', CHEN)).toBe('withdrawn');
});

const BY_UID: Assign = (_share, _path, of) =>
  of?.uid === 1500
    ? MEANT
    : { kind: 'held', code: 'UNRESOLVED', reason: 'uid', instrument: 'SEM1', rules: ['rule 1'] };

it.each([
  ['is not on the share any more', []],
  [
    'could not be asked for its uid',
    [{ ...entry('a.tif'), kind: 'unreadable', size: 0, error: 'EIO' } as const],
  ],
])('a batch of which one file %s is left to its delivery, which cuts it', (_, left) => {
  const { batches, looks } = temp.ledger;
  const [a, b] = ['a.tif', 'b.tif'].map((name) => ({ ...entry(name), uid: 1500, gid: 1500 })) as [
    Entry,
    Entry,
  ];
  const plan = planOf(DIR, [a, b]);
  looks.record(SHARE, [look(DIR, [a, b])], 1, 1);
  batches.plan(plan, { lane: 'lane', at: 1, runNo: 1 });
  looks.record(SHARE, [look(DIR, [...left, b])], 2, 1);

  expect(outdated(batches.get(plan.id), BY_UID, temp.ledger)).toBeUndefined();
});

it('a batch is planned again when another uid owns a file of it now', () => {
  const { batches, looks } = temp.ledger;
  const a = { ...entry('a.tif'), uid: 1500, gid: 1500 };
  const plan = planOf(DIR, [a]);
  looks.record(SHARE, [look(DIR, [a])], 1, 1);
  batches.plan(plan, { lane: 'lane', at: 1, runNo: 1 });
  looks.record(SHARE, [look(DIR, [{ ...a, uid: 1501 }])], 2, 1);

  expect(outdated(batches.get(plan.id), BY_UID, temp.ledger)?.code).toBe('MAPPING_CHANGED');
});
