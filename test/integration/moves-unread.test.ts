import { mkdirSync, renameSync, utimesSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Nights, nights } from '../support/nights.ts';

const MTIME = Date.UTC(2026, 0, 1);
const NAMES = ['a', 'b', 'c'] as const;
const bucketsOf = ({ buckets }: RunReport): Record<string, number> =>
  Object.fromEntries(
    Object.entries(buckets).flatMap(([name, { files }]) =>
      files > 0 && name !== 'excluded' ? [[name, files]] : [],
    ),
  );

/** Three delivered files in a folder that is run2 by now, of which b could not be read to be compared. */
async function unreadInRun2(): Promise<Nights> {
  const files = NAMES.map((name) => [
    `SEM1/mueller/run1/${name}.tif`,
    { content: `image ${name}`, mtime: MTIME },
  ]);
  const lab = await nights(Object.fromEntries(files), { settle: '0s' });
  await lab.evening();
  lab.advance(86_400_000);
  moveFolder(lab, 'run1', 'run2');
  const report = await lab.evening(undefined, { eio: ['SEM1/mueller/run2/b.tif'] });
  expect(bucketsOf(report)).toEqual({ unchanged: 2, unreadable: 1 });
  lab.advance(86_400_000);
  return lab;
}

const moveFolder = ({ share }: Nights, from: string, to: string): void =>
  renameSync(share.path(`SEM1/mueller/${from}`), share.path(`SEM1/mueller/${to}`));

const putNew = async (lab: Nights, dir: string): Promise<void> =>
  await lab.share.put({
    [`SEM1/mueller/${dir}/new1.tif`]: 'n1',
    [`SEM1/mueller/${dir}/new2.tif`]: 'n2',
    [`SEM1/mueller/${dir}/new3.tif`]: 'n3',
  });

it('a moved file that could not be read is not sent again, though more new files than it have come into its folder', async () => {
  await using lab = await unreadInRun2();
  await putNew(lab, 'run2');
  const why = await lab.run('why', 'SEM1/mueller/run2/b.tif');

  const still = await lab.evening(undefined, { eio: ['SEM1/mueller/run2/b.tif'] });
  const well = await lab.evening();

  expect(why.out).toContain('the last attempt to read it failed');
  expect(bucketsOf(still)).toEqual({ delivered: 3, unchanged: 2, unreadable: 1 });
  expect(bucketsOf(well)).toEqual({ unchanged: 6 });
});

it('a moved file that could not be read is not sent again when its folder is moved once more', async () => {
  await using lab = await unreadInRun2();
  moveFolder(lab, 'run2', 'run3');
  const still = await lab.evening(undefined, { eio: ['SEM1/mueller/run3/b.tif'] });
  moveFolder(lab, 'run3', 'run4');

  const well = await lab.evening();

  expect(bucketsOf(still)).toEqual({ unchanged: 2, unreadable: 1 });
  expect(bucketsOf(well)).toEqual({ unchanged: 3 });
});

it('a moved file that could not be read is not sent again when only its time changes, and is when its content does', async () => {
  await using lab = await unreadInRun2();
  await putNew(lab, 'run2');
  utimesSync(lab.share.path('SEM1/mueller/run2/b.tif'), 1e9, 1e9);
  const touched = await lab.evening(undefined, { eio: ['SEM1/mueller/run2/b.tif'] });
  await lab.share.put({ 'SEM1/mueller/run2/b.tif': { content: 'IMAGE B', mtime: MTIME + 5000 } });

  const rewritten = await lab.evening();

  expect(bucketsOf(touched)).toEqual({ delivered: 3, unchanged: 2, unreadable: 1 });
  expect(rewritten.deliveries).toMatchObject([{ dataset: 'SEM1/mueller/run2', files: 1 }]);
});

it('a moved file that could not be read is a copy, and sent, when it stands at its old place again', async () => {
  await using lab = await unreadInRun2();
  mkdirSync(lab.share.path('SEM1/mueller/run1'));
  await lab.share.put({ 'SEM1/mueller/run1/b.tif': { content: 'image b', mtime: MTIME } });

  const report = await lab.evening();

  expect(report.deliveries).toMatchObject([{ dataset: 'SEM1/mueller/run2', files: 1 }]);
  expect(bucketsOf(report)).toEqual({ delivered: 1, unchanged: 3 });
});

it('moved files that there was no time to compare are not sent again, though more new files have come into their folder', async () => {
  const files = Array.from({ length: 502 }, (_, at) => [
    `SEM1/mueller/run1/f${String(at).padStart(3, '0')}.tif`,
    { content: `image ${at}`, mtime: MTIME },
  ]);
  await using lab = await nights(Object.fromEntries(files), { settle: '0s', extra: 'compare_limit: 1ms' });
  await lab.evening();
  lab.advance(86_400_000);
  moveFolder(lab, 'run1', 'run2');
  expect(bucketsOf(await lab.evening())).toEqual({ unchanged: 500, waiting: 2 });
  await putNew(lab, 'run2');

  expect(bucketsOf(await lab.evening())).toEqual({ delivered: 3, unchanged: 502 });
});
