import { expect, it } from 'vitest';
import { allDelivered } from '../../src/app/all-delivered.ts';
import { tempLedger } from '../support/ledger-fixture.ts';
import { seedLedger } from '../support/seed-ledger.ts';

const NOW = 1_000_000;

it('a delivery that its report has told of is not told of again by the next run, though clocks differ a little', async () => {
  await using temp = await tempLedger();
  const { runs } = temp.ledger;
  const run = runs.start(NOW, undefined);
  seedLedger(temp.ledger, [{ dir: 'SEM1/a', to: 'verified', at: NOW }], NOW);

  runs.finish(run.no, NOW + 1000, 'done', '{}');

  const [delivered] = [...temp.ledger.list({ states: ['verified'] })];
  expect(runs.start(NOW + 9000, undefined).since).toBeGreaterThan(delivered?.changedAt ?? Infinity);
});

it('a delivery dated by a clock that was far ahead does not move the end of a run', async () => {
  await using temp = await tempLedger();
  const { runs } = temp.ledger;
  const run = runs.start(NOW, undefined);
  seedLedger(temp.ledger, [{ dir: 'SEM1/a', to: 'verified', at: NOW + 3_600_000 }], NOW);

  runs.finish(run.no, NOW + 1000, 'done', '{}');

  expect(runs.latest(9).find(({ no }) => no === run.no)?.finishedAt).toBe(NOW + 1000);
});

it('an evening ends, and is reported, only when what it publishes is published', async () => {
  await using temp = await tempLedger();
  seedLedger(temp.ledger, [{ dir: 'SEM1/a', to: 'verified', at: NOW }], NOW);
  let looks = 0;
  const clock = { now: () => NOW, monotonic: () => 0, sleep: () => Promise.resolve() };
  const isPublishing = (): boolean => (looks += 1) < 4;

  await allDelivered(
    {
      ...{ ledger: temp.ledger, clock, outageWaitMs: 60_000 },
      ...{ mayHeal: () => false, queueTrouble: () => undefined, isAtWork: isPublishing },
    },
    new AbortController().signal,
  );

  expect(looks).toBe(4);
});
