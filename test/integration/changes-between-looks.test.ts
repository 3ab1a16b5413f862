import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BUCKETS } from '../../src/nightly/judge.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { nights } from '../support/nights.ts';

const RUN = 'SEM1/mueller';
const files = ({ buckets }: RunReport): Record<string, number> =>
  Object.fromEntries(BUCKETS.map((bucket) => [bucket, buckets[bucket].files]).filter(([, n]) => n !== 0));

it('what shrinks, is written again in the same size or vanishes between two looks does not go as it was, and holds no neighbour', async () => {
  const names = ['still', 'shrunk', 'rewritten', 'dated-back', 'gone'];
  await using lab = await nights(
    Object.fromEntries(names.map((name) => [`${RUN}/${name}/a.tif`, `first ${name}`])),
    { settle: '1s' },
  );
  const path = (name: string): string => lab.share.path(`${RUN}/${name}/a.tif`);

  // All of it at once: the second look must not come between.
  const first = await lab.evening(({ name }) => {
    if (name !== 'run.waiting') return;
    const { atime, mtime } = statSync(path('dated-back'));
    writeFileSync(path('shrunk'), 'less');
    writeFileSync(path('rewritten'), 'FIRST rewritten');
    writeFileSync(path('dated-back'), 'FIRST dated-back');
    utimesSync(path('dated-back'), atime, mtime);
    rmSync(path('gone'));
  });
  lab.advance(60_000);
  const second = await lab.evening();

  expect(files(first)).toEqual({ delivered: 1, notSettled: 3, excluded: 1 });
  expect(first.deliveries).toMatchObject([{ dataset: `${RUN}/still` }]);
  expect(files(second)).toEqual({ delivered: 3, unchanged: 1, excluded: 1 });
  expect([first.balanced, second.balanced]).toEqual([true, true]);
});
