import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startLab } from '../support/lab.ts';

const RUN = 'SEM1/mueller/run';

it('a file that was away while its batch was held and sent without it is sent when it comes back', async () => {
  await using lab = await startLab();
  await lab.put(`${RUN}/a.tif`, 'a');
  await lab.put(`${RUN}/b.tif`, 'b');
  await lab.nightjar('hold', 'owner', 'mueller', '--reason', 'account moves');
  expect((await lab.evening()).buckets.held.files).toBe(2);
  renameSync(join(lab.share, `${RUN}/a.tif`), join(lab.root, 'a.tif'));
  await lab.evening();
  await lab.nightjar('resume', 'owner', 'mueller');
  expect((await lab.evening()).buckets.delivered.files).toBe(1);
  renameSync(join(lab.root, 'a.tif'), join(lab.share, `${RUN}/a.tif`));
  await lab.evening();
  const { outcome, buckets } = await lab.evening();
  expect([outcome, buckets.waiting.files, buckets.unchanged.files]).toEqual(['done', 0, 2]);
});
