import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { SharePath } from '../../src/core/share-path.ts';
import type { NightlyEvent } from '../../src/nightly/parts.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Nights, nights } from '../support/nights.ts';

const MTIME = Date.UTC(2026, 0, 1);
const bucketsOf = ({ buckets }: RunReport): Record<string, number> =>
  Object.fromEntries(
    Object.entries(buckets).flatMap(([name, { files }]) =>
      files > 0 && name !== 'excluded' ? [[name, files]] : [],
    ),
  );
/** Files of a folder, all of the same time, as a copy that keeps times has them too. */
const folder = (dir: string, n: number) =>
  Object.fromEntries(
    Array.from({ length: n }, (_, at) => [`${dir}/f${at}.tif`, { content: `image ${at}`, mtime: MTIME }]),
  );

async function delivered(n: number, options: Parameters<typeof nights>[1] = {}): Promise<Nights> {
  const lab = await nights(folder('SEM1/mueller/run1', n), { settle: '0s', ...options });
  expect(bucketsOf(await lab.evening())).toEqual({ delivered: n });
  lab.advance(86_400_000);
  return lab;
}

describe('what is moved is told apart from what was not seen', () => {
  it('trap 1: nothing below a directory that cannot be listed is taken for moved', async () => {
    await using lab = await delivered(3, { asNobody: true });
    chmodSync(lab.share.path('SEM1/mueller/run1'), 0);
    await lab.share.put(folder('SEM1/mueller/copy', 3));

    const report = await lab.evening();
    chmodSync(lab.share.path('SEM1/mueller/run1'), 0o755);
    const after = await lab.evening();

    expect(bucketsOf(report)).toEqual({ delivered: 3, unreadable: 1 });
    expect(report.recognised).toEqual([]);
    expect(bucketsOf(after)).toEqual({ unchanged: 6 });
  });

  it('trap 2: a file that is listed but may not be read is still there, and its copy is sent', async () => {
    await using lab = await delivered(2, { asNobody: true });
    for (const name of readdirSync(lab.share.path('SEM1/mueller/run1')))
      chmodSync(lab.share.path(`SEM1/mueller/run1/${name}`), 0);
    await lab.share.put(folder('SEM1/mueller/copy', 2));

    const report = await lab.evening();

    expect(bucketsOf(report)).toMatchObject({ delivered: 2 });
    expect(report.recognised).toEqual([]);
  });

  it('files that go from one folder that stays to another are known again', async () => {
    await using lab = await delivered(4);
    await lab.share.put({ 'SEM1/mueller/archive/x': 'of its own' });
    await lab.evening();
    for (const at of [0, 1, 2])
      renameSync(
        lab.share.path(`SEM1/mueller/run1/f${at}.tif`),
        lab.share.path(`SEM1/mueller/archive/f${at}.tif`),
      );

    const report = await lab.evening();
    const said = await Promise.all([lab.run('why'), lab.run('why', 'SEM1/mueller/archive/f1.tif')]);

    for (const { out } of said) expect(out).toMatch(/moved from SEM1\/mueller\/run1, delivered there as b-/);
    expect(bucketsOf(report)).toEqual({ unchanged: 5 });
    expect(report.recognised).toMatchObject([{ kind: 'moved', from: 'SEM1/mueller/run1', files: 3 }]);
  });

  it('a second copy of what was moved is sent: each file can be found again in one place only', async () => {
    await using lab = await delivered(3);
    await lab.share.put({ ...folder('SEM1/mueller/a', 3), ...folder('SEM1/mueller/b', 3) });
    rmSync(lab.share.path('SEM1/mueller/run1'), { recursive: true });

    const report = await lab.evening();
    await lab.share.put(folder('SEM1/mueller/c', 3));
    const later = await lab.evening();

    expect(bucketsOf(report)).toEqual({ delivered: 3, unchanged: 3 });
    expect(report.recognised).toMatchObject([{ to: 'SEM1/mueller/a', files: 3 }]);
    expect(later.deliveries).toMatchObject([{ dataset: 'SEM1/mueller/c', files: 3 }]);
  });

  it('a folder of which less than half came from one place is new', async () => {
    await using lab = await delivered(2);
    renameSync(lab.share.path('SEM1/mueller/run1'), lab.share.path('SEM1/mueller/run2'));
    await lab.share.put({
      'SEM1/mueller/run2/a': 'a',
      'SEM1/mueller/run2/b': 'b',
      'SEM1/mueller/run2/c': 'c',
    });

    expect(bucketsOf(await lab.evening())).toEqual({ delivered: 5 });
  });
});

describe('comparing', () => {
  it('goes on in the next evening when its time is used up, and what waits is not sent meanwhile', async () => {
    await using lab = await delivered(600, { extra: 'compare_limit: 1ms' });
    renameSync(lab.share.path('SEM1/mueller/run1'), lab.share.path('SEM1/mueller/run2'));
    const plan = await lab.json('plan');
    const events: NightlyEvent[] = [];

    const second = await lab.evening((event) => void events.push(event));
    const why = await lab.run('why');
    const third = await lab.evening();

    expect(plan).toMatchObject({ groups: [], stays: { waiting: { files: 600 } } });
    expect(bucketsOf(second)).toEqual({ unchanged: 500, waiting: 100 });
    expect(second.outcome).toBe('waiting');
    expect(events).toContainEqual(expect.objectContaining({ name: 'content.comparing', files: 600 }));
    expect(events).toContainEqual({
      name: 'content.compared',
      share: 'lab',
      same: 500,
      different: 0,
      left: 100,
    });
    expect(why.out).toContain('it looks like what was delivered from SEM1/mueller/run1');
    expect(bucketsOf(third)).toEqual({ unchanged: 600 });
  });

  it('plans moved files anew where they are now when their batch is taken apart', async () => {
    await using lab = await delivered(3);
    renameSync(lab.share.path('SEM1/mueller/run1'), lab.share.path('SEM1/mueller/run2'));
    await lab.evening();
    lab.inLedger(({ batches, looks }) => {
      const { batch = 0 } = looks.find('lab' as never, 'SEM1/mueller/run2/f0.tif' as SharePath)?.facts ?? {};
      const { id } = batches.headByNo(batch) ?? {};
      batches.requeue(id as never, 1);
      batches.markQueued(id as never, 1);
      const begun = batches.begin(id as never, 1);
      const paths = begun.files.map(({ path }) => path);
      const error = { code: 'FILE_VANISHED', message: 'gone', hint: '', at: 1 };
      batches.withdraw(begun, error, { paths, mark: 'none' });
    });

    const report = await lab.evening();

    expect(report.deliveries).toMatchObject([{ dataset: 'SEM1/mueller/run2', files: 3 }]);
  });
});

it('a folder that is moved there and back again is never sent a second time', async () => {
  await using lab = await delivered(3);
  const [here, there] = [lab.share.path('SEM1/mueller/run1'), lab.share.path('SEM1/mueller/run2')];
  renameSync(here, there);
  expect(bucketsOf(await lab.evening())).toEqual({ unchanged: 3 });
  renameSync(there, here);

  const report = await lab.evening();

  expect(bucketsOf(report)).toEqual({ unchanged: 3 });
});
