import { once } from 'node:events';
import { expect, it } from 'vitest';
import { STEP_COMMITS, struckLab } from '../support/struck-evening.ts';
import { untilTrue } from '../support/until.ts';

it('a second SIGTERM ends a daemon at once whose delivery hangs, and the next evening goes on', async () => {
  await using struck = await struckLab('v1.3');
  await struck.addDataset('gold');
  await struck.struck({ at: STEP_COMMITS.plan, when: 'after', signal: 'SIGKILL' });
  struck.nomad.fault = ({ method }) => (method === 'PUT' ? { kind: 'stall' } : undefined);
  const serve = struck.start([], 'serve');
  let said = '';
  serve.stdout?.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  serve.stderr?.resume();
  const isSending = (): boolean => struck.nomad.requests.some(({ method }) => method === 'PUT');
  await untilTrue(isSending, 'a parcel is on its way');

  serve.kill('SIGTERM');
  await untilTrue(() => said.includes('serve.stopping'), 'the first was heard');
  expect(serve.exitCode).toBeNull();
  serve.kill('SIGTERM');
  const [, signal] = (await once(serve, 'exit')) as [number | null, string | null];
  struck.nomad.fault = undefined;

  expect(signal).toBe('SIGKILL');
  expect(await struck.breachesAfterAnEvening()).toEqual([]);
});
