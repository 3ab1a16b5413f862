import { expect, it } from 'vitest';
import { stopTwice } from '../support/stop-twice.ts';
import { STEP_COMMITS, struckLab } from '../support/struck-evening.ts';

it('a second SIGTERM ends a daemon at once whose delivery hangs, and the next evening goes on', async () => {
  await using struck = await struckLab('v1.3');
  await struck.addDataset('gold');
  await struck.struck({ at: STEP_COMMITS.plan, when: 'after', signal: 'SIGKILL' });
  struck.nomad.fault = ({ method }) => (method === 'PUT' ? { kind: 'stall' } : undefined);

  const end = await stopTwice(struck.start([], 'serve'), struck.nomad, 'serve.stopping');
  struck.nomad.fault = undefined;

  expect(end).toBe('SIGKILL');
  expect(await struck.breachesAfterAnEvening()).toEqual([]);
});
