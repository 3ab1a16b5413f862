import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Batch, PlannedFile } from '../../../src/core/model.ts';
import { buildShare } from '../../support/build-share.ts';
import { startPacker } from '../../support/open-parcel.ts';
import { planShare } from '../../support/plan-share.ts';

/** How the file is read when it was planned with other facts than the disk has now. */
async function readingOf(planned: (file: PlannedFile) => Partial<PlannedFile>): Promise<string> {
  await using share = await buildShare({ 'SEM1/a.raw': 'as it was' }, { marker: false });
  await using packer = await startPacker();
  const batch = planShare(share.root);
  const files = batch.files.map((file) => ({ ...file, ...planned(file) }));
  const content = packer.content({ ...batch, files } satisfies Batch, share.root);
  try {
    for await (const { body } of content.files(new AbortController().signal))
      for await (const _ of body) continue;
    return content.hashes().values().next().value ?? '';
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
  }
}

const WHOLE = createHash('sha256').update('as it was').digest('hex');

test('trap 6: a file whose mtime is told two seconds off while reading, and nothing else, is read', async () => {
  expect(await readingOf(({ mtimeNs }) => ({ mtimeNs: mtimeNs + 2_000_000_000n }))).toBe(WHOLE);
  expect(await readingOf(({ mtimeNs }) => ({ mtimeNs: mtimeNs - 2_000_000_000n }))).toBe(WHOLE);
});

test('trap 6: an mtime further off, or off together with the ctime or the inode, is a change', async () => {
  const off = 1_000_000_000n;

  expect(await readingOf(({ mtimeNs }) => ({ mtimeNs: mtimeNs + 3n * off }))).toBe('FILE_CHANGED');
  expect(await readingOf(({ mtimeNs, ctimeNs }) => ({ mtimeNs: mtimeNs + off, ctimeNs: ctimeNs - 1n }))).toBe(
    'FILE_CHANGED',
  );
  expect(await readingOf(({ mtimeNs, ino }) => ({ mtimeNs: mtimeNs + off, ino: ino + 1n }))).toBe(
    'FILE_CHANGED',
  );
});
