import { expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { nights } from '../support/nights.ts';

const MINUTE = 60_000;
const FILE = 'SEM1/mueller/run1/a.tif';
const settled = { settle: '20m', extra: 'settle_wait: 0s' };
const bucketsOf = ({ buckets }: RunReport): Record<string, number> =>
  Object.fromEntries(
    Object.entries(buckets).flatMap(([name, { files }]) =>
      files > 0 && name !== 'excluded' ? [[name, files]] : [],
    ),
  );

it('trap 5: a file dated in the future settles by our clock, and the report tells how far the clock is ahead', async () => {
  const tree = {
    [FILE]: { content: 'a', mtime: Date.now() + 10 * MINUTE },
    'SEM1/mueller/run2/b': { content: 'b', mtime: Date.UTC(2107, 0, 1) },
    'SEM1/mueller/run2/now': 'now',
  };
  await using lab = await nights(tree, settled);

  const first = await lab.evening();
  lab.advance(30 * MINUTE);
  const second = await lab.evening();

  expect(bucketsOf(first)).toEqual({ notSettled: 3 });
  const [times] = first.futureTimes;
  expect(times).toMatchObject({ share: 'lab', files: 2 });
  expect(times?.clockAheadMs).toBeGreaterThan(9 * MINUTE);
  expect(times?.clockAheadMs).toBeLessThanOrEqual(10 * MINUTE);
  expect(times?.examples.map(({ path }) => path)).toEqual(['SEM1/mueller/run2/b', FILE]);
  expect(bucketsOf(second)).toEqual({ delivered: 3 });
  expect(second.futureTimes).toMatchObject([{ files: 1 }]);
});

it('trap 5: a share whose clock is ten minutes behind, or a copy with old times, settles no earlier', async () => {
  const tree = {
    [FILE]: { content: 'a', mtime: Date.now() - 30 * MINUTE },
    'SEM1/mueller/run2/copied': { content: 'b', mtime: Date.UTC(2020, 0, 1) },
  };
  await using lab = await nights(tree, settled);

  const first = await lab.evening();
  lab.advance(10 * MINUTE);
  await lab.share.put({ [FILE]: { content: 'aa', mtime: Date.now() - 25 * MINUTE } });
  const second = await lab.evening();
  lab.advance(15 * MINUTE);
  const third = await lab.evening();

  expect(bucketsOf(first)).toEqual({ notSettled: 2 });
  expect(bucketsOf(second)).toEqual({ notSettled: 2 });
  expect(third.deliveries.map(({ dataset }) => dataset)).toEqual(['SEM1/mueller/run2']);
  expect(bucketsOf(third)).toEqual({ delivered: 1, notSettled: 1 });
  expect(first.futureTimes).toEqual([]);
});

it('trap 19: a file of preallocated size that is written for evenings is taken when it stops, and not before', async () => {
  await using lab = await nights({ [FILE]: { size: 1000, mtime: Date.UTC(2026, 0, 1) } }, settled);
  const during: Record<string, number>[] = [];
  for (let evening = 1; evening <= 4; evening++) {
    await lab.share.put({ [FILE]: { size: 1000, mtime: Date.UTC(2026, 0, 1, evening) } });
    during.push(bucketsOf(await lab.evening()));
    lab.advance(86_400_000);
  }

  const after = await lab.evening();

  expect(during).toEqual(Array.from({ length: 4 }, () => ({ notSettled: 1 })));
  expect(bucketsOf(after)).toEqual({ delivered: 1 });
});

it('trap 5: the hour of a DST night on a FAT share sends nothing again', async () => {
  const before = Date.UTC(2026, 9, 24, 12);
  const tree = (mtime: number) =>
    Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`SEM1/mueller/run1/${at}`, { content: `${at}`, mtime }]),
    );
  await using lab = await nights(tree(before), { settle: '0s' });
  expect(bucketsOf(await lab.evening())).toEqual({ delivered: 60 });
  await lab.share.put(tree(before - 3_600_000));

  const report = await lab.evening();

  expect(bucketsOf(report)).toEqual({ unchanged: 60 });
  expect(report.recognised).toMatchObject([{ kind: 'retimed', files: 60 }]);
});
