import { expect, it } from 'vitest';
import { destinationName } from '../../src/core/ids.ts';
import { cliLab } from '../support/cli-lab.ts';
import { seedLedger } from '../support/seed-ledger.ts';

it('explain says of a delivered file that its container was lost since', async () => {
  const lab = await cliLab();
  await using _ = lab;
  lab.inLedger((ledger) => {
    const [plan] = seedLedger(ledger, [{ dir: 'SEM1/mueller/a', to: 'verified' }]);
    const lane = { destination: destinationName('archive'), name: 'mueller' };
    const heard = { which: '"c" (c)', why: 'it was deleted', at: Date.now() };
    if (plan !== undefined) ledger.lostContainers.forget(lane, plan.id, heard);
  });

  const { out } = await lab.run('explain', 'SEM1/mueller/a/a.tif');

  expect(out).toMatch(/^ {2}Doubt +what it was delivered into takes nothing more or is gone/m);
});
