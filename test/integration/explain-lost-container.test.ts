import { expect, it } from 'vitest';
import { destinationName } from '../../src/core/ids.ts';
import { cliLab } from '../support/cli-lab.ts';
import { seedLedger } from '../support/seed-ledger.ts';

it('explain says of a delivered file, and of the folders above it, that its container was lost since', async () => {
  const lab = await cliLab();
  await using _ = lab;
  lab.inLedger((ledger) => {
    const [plan] = seedLedger(ledger, [
      { dir: 'SEM1/mueller/a', to: 'verified' },
      { dir: 'SEM1/mueller/held', to: 'held' },
      { dir: 'SEM1/chen/b', to: 'planned', owner: 'chen' },
    ]);
    const lane = { destination: destinationName('archive'), name: 'mueller' };
    const heard = { which: '"c" (c)', why: 'it was deleted', at: Date.now() };
    if (plan !== undefined) ledger.lostContainers.forget(lane, plan.id, heard);
  });

  const { out } = await lab.run('explain', 'SEM1/mueller/a/a.tif');
  const above = await lab.run('explain', 'SEM1');
  const json = await lab.json('explain', 'SEM1/mueller');
  const beside = await lab.json('explain', 'SEM1/chen');

  expect(out).toMatch(/^ {2}Doubt +what it was delivered into takes nothing more or is gone/m);
  expect(above.out).toMatch(
    /^ {2}Doubt +SEM1\/mueller\/a, b-[0-9a-f]{32} \(.*\): what it was delivered into/m,
  );
  expect(above.out).toMatch(
    /In the evening of .* 2 files go; 2 files wait for a person: nightjar why lab:SEM1\.$/m,
  );
  expect(json).toMatchObject({ inDoubt: [{ dataset: 'SEM1/mueller/a' }], byHandWithin: [] });
  expect(beside).toMatchObject({ inDoubt: [] });
});
