import { expect, it } from 'vitest';
import { manifestJson } from '../../src/batch/manifest.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { nights } from '../support/nights.ts';

const DAY = 86_400_000;
const RUN = 'SEM1/mueller/run_17';
const settled = { settle: '20m', extra: 'settle_wait: 0s' };

const bucketsOf = ({ buckets }: RunReport): Record<string, number> =>
  Object.fromEntries(
    Object.entries(buckets).flatMap(([name, { files }]) => (files > 0 ? [[name, files]] : [])),
  );

it('a late joiner reopens its dataset visibly, and goes as a batch that follows the first', async () => {
  await using lab = await nights({ [`${RUN}/a`]: 'a', [`${RUN}/b`]: 'b' }, settled);
  await lab.evening();
  lab.advance(DAY);
  const first = await lab.evening();
  const [sent] = first.deliveries;
  await lab.share.put({ [`${RUN}/late`]: 'late' });

  lab.advance(DAY);
  const second = await lab.evening();
  const why = await lab.json('why');
  const explained = await lab.json('explain', `${RUN}/late`);
  lab.advance(DAY);
  const third = await lab.evening();

  expect(bucketsOf(second)).toEqual({ unchanged: 2, notSettled: 1, excluded: 1 });
  expect(second.notes).toContainEqual(
    expect.objectContaining({ bucket: 'notSettled', where: RUN, follows: sent?.batch }),
  );
  expect(why['causes']).toContainEqual(expect.objectContaining({ where: RUN, follows: sent?.batch }));
  expect(explained['file']).toMatchObject({ follows: sent?.batch });
  expect(third.deliveries).toMatchObject([{ files: 1, follows: sent?.batch }]);
  expect((await lab.run('explain', `${RUN}/late`)).out).toContain(
    `follows ${sent?.batch ?? '?'}`.slice(0, 7),
  );
});

it('what follows is in the plan, in the ledger and in the manifest, and is no part of the id', async () => {
  await using lab = await nights({ [`${RUN}/a`]: 'a' }, { settle: '0s' });
  const first = (await lab.evening()).deliveries[0]?.batch;
  await lab.share.put({ [`${RUN}/late`]: 'late', 'SEM1/mueller/run_18/x': 'x' });

  const plan = await lab.json('plan', '--batches');
  const report = await lab.evening();

  const planned = plan['batches'] as { batch: string; dataset: string; follows?: string }[];
  expect(planned.map(({ dataset, follows }) => [dataset, follows])).toEqual([
    [RUN, first],
    ['SEM1/mueller/run_18', undefined],
  ]);
  expect(report.deliveries.map(({ batch }) => batch)).toEqual(planned.map(({ batch }) => batch));
  const batch = lab.inLedger((ledger) => ledger.batches.get(planned[0]?.batch as never));
  expect(batch).toMatchObject({ follows: first, addendum: false });
  expect(JSON.parse(manifestJson({ batch, version: '1' }, () => '0'))).toMatchObject({ follows: first });
});

it('another version of a delivered file goes as an addendum, and follows the first batch too', async () => {
  await using lab = await nights({ [`${RUN}/a`]: 'a' }, { settle: '0s' });
  const first = (await lab.evening()).deliveries[0]?.batch;
  await lab.share.put({ [`${RUN}/a`]: 'another' });

  const report = await lab.evening();

  const { batch } = report.deliveries[0] ?? {};
  expect(report.deliveries).toMatchObject([{ files: 1, follows: first }]);
  expect(lab.inLedger((ledger) => ledger.batches.get(batch as never))).toMatchObject({ addendum: true });
});

it('the batches of one dataset that is too large for one follow nobody', async () => {
  const tree = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`${RUN}/${at}`, 'x']));
  await using lab = await nights(tree, { settle: '0s', extra: 'batch: { max_files: 2 }' });

  const report = await lab.evening();

  expect(report.deliveries.map(({ files, follows }) => [files, follows])).toEqual([
    [2, undefined],
    [2, undefined],
    [1, undefined],
  ]);
});
