import { afterEach, beforeEach, expect, it } from 'vitest';
import { outdated } from '../../src/app/withdraw-outdated.ts';
import { destinationName, ownerId } from '../../src/core/ids.ts';
import type { Assignment } from '../../src/core/model.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import { entry, planOf, tempLedger } from '../support/ledger-fixture.ts';

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
