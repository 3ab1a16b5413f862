import { chownSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Lab, startLab } from '../support/lab.ts';

const isRoot = process.geteuid?.() === 0;

const foldersWith = (source: string): string => `rules:
  - match: "{instrument}/{session}/**"
    ${source}
owners:
  mueller: {}
  chen: {}
uids: { 1500: mueller, 1501: chen }
collector: {}
`;

/** An evening, a rename of the folder, and what the next evening made of it. */
async function renamed(lab: Lab): Promise<{ readonly kinds: readonly string[]; readonly sent: number }> {
  expect(await lab.evening()).toMatchObject({ outcome: 'done', buckets: { delivered: { files: 3 } } });
  renameSync(join(lab.share, 'SEM1/run1'), join(lab.share, 'SEM1/run1_final'));
  const { recognised, buckets } = await lab.evening();
  return { kinds: recognised.map(({ kind }) => kind), sent: buckets.delivered.files };
}

it.skipIf(!isRoot)('a renamed folder is known again where the uid names the owner', async () => {
  await using lab = await startLab({ folders: foldersWith('owner_from: [uid]') });
  for (const n of [0, 1, 2]) {
    await lab.put(`SEM1/run1/f${n}.tif`, `image ${n}`);
    chownSync(join(lab.share, `SEM1/run1/f${n}.tif`), 1500, 1500);
  }

  expect(await renamed(lab)).toEqual({ kinds: ['moved'], sent: 0 });
});

it('a renamed folder is known again where a sidecar names the owner, which has to be read anew', async () => {
  const source = 'owner_from: [sidecar]\n    sidecar: { file: "*.json", field: user }';
  await using lab = await startLab({ folders: foldersWith(source) });
  await lab.put('SEM1/run1/meta.json', '{"user": "mueller"}');
  await lab.put('SEM1/run1/a.tif', 'a');
  await lab.put('SEM1/run1/b.tif', 'b');

  expect(await renamed(lab)).toEqual({ kinds: ['moved'], sent: 0 });
});
