import { expect, test } from 'vitest';
import { LAUNCHER, startLab } from '../support/lab.ts';

test('an evening whose output and log cannot be written delivers all the same, and its exit code says what is lost', async () => {
  await using lab = await startLab();
  await lab.put('SEM1/mueller/run_1/a.tif', 'pixels');

  const unheard = await lab.run('sh', '-c', `"${LAUNCHER}" run >/dev/full 2>/dev/full`);
  const told = await lab.run('sh', '-c', `"${LAUNCHER}" status >/dev/full`);

  expect(unheard.code).toBe(74);
  expect(told).toMatchObject({ code: 74, err: expect.stringContaining('cannot be written (ENOSPC)') });
  expect((await lab.nightjar('status')).out).toContain('1 delivered');
  expect(await lab.evening()).toMatchObject({ outcome: 'done', buckets: { unchanged: { files: 1 } } });
});
