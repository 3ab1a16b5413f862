import { describe, expect, it } from 'vitest';
import { BUCKETS } from '../../src/nightly/judge.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { nights } from '../support/nights.ts';

const files = (report: RunReport): Record<string, number> =>
  Object.fromEntries(
    BUCKETS.map((bucket) => [bucket, report.buckets[bucket].files]).filter(([, n]) => n !== 0),
  );
/** Files of a day that cannot settle within the evening. */
const slow = (tree: Record<string, string>) => nights(tree, { settle: '2d', extra: 'settle_wait: 0s' });
const RUN = 'SEM1/mueller/run';

describe('nightjar force', () => {
  it('shows what it would do and does it only with --yes', async () => {
    await using lab = await slow({
      [`${RUN}/a.tif`]: 'a',
      [`${RUN}/b.tif`]: 'bb',
      'SEM1/mueller/other/c': 'c',
    });
    await lab.evening();

    const preview = await lab.json('force', RUN);
    const text = (await lab.run('force', RUN)).out;

    expect(preview).toMatchObject({
      ...{ done: false, kind: 'force', path: RUN },
      before: { notSettled: { files: 2, bytes: 3 } },
      after: { ready: { files: 2, bytes: 3 } },
    });
    expect(text).toContain('goes with the next run  2 files');
    expect(text).toContain('Nothing was changed');
    expect(files(await lab.evening())).toEqual({ notSettled: 3, excluded: 1 });
  });

  it('sends it in the next evening, once: what comes later settles as ever', async () => {
    await using lab = await slow({ [`${RUN}/a.tif`]: 'a', 'SEM1/mueller/other/c': 'c' });
    await lab.evening();

    const said = await lab.json('force', RUN, '--reason', 'wanted for the paper', '--yes');
    const explained = await lab.json('explain', `${RUN}/a.tif`);
    const plan = await lab.json('plan');
    const forced = await lab.evening();
    await lab.share.put({ [`${RUN}/late.tif`]: 'late' });

    expect(said).toMatchObject({ done: true });
    expect(explained).toMatchObject({
      decisions: [{ kind: 'force', path: RUN, reason: 'wanted for the paper', by: expect.any(String) }],
      assignment: { waived: { by: 'force' } },
    });
    expect(plan).toMatchObject({ groups: [{ files: 1 }] });
    expect(files(forced)).toEqual({ delivered: 1, notSettled: 1, excluded: 1 });
    expect(await lab.json('force')).toMatchObject({ decisions: [] });
    expect(files(await lab.evening())).toEqual({ unchanged: 1, notSettled: 2, excluded: 1 });
  });

  it('takes what its rule still waits for, and part of a dataset', async () => {
    const folders =
      'rules: [{ match: "{instrument}/{owner}/{dataset}/**", complete: { marker: "*.done" } }]\nowners: { mueller: {} }\ncollector: {}\n';
    await using lab = await nights(
      { [`${RUN}/a.tif`]: 'a', [`${RUN}/sub/b.tif`]: 'b' },
      { settle: '0s', folders },
    );
    await lab.evening();

    await lab.run('force', `${RUN}/sub`, '--yes');

    expect(files(await lab.evening())).toEqual({ delivered: 1, notSettled: 1, excluded: 1 });
  });

  it('does not lift a hold, and says so', async () => {
    await using lab = await slow({
      [`${RUN}/a.tif`]: 'a',
      [`${RUN}/.nightjar.yaml`]: 'hold: "wrong labels"',
    });
    await lab.evening();

    const { out } = await lab.run('force', RUN, '--yes');

    expect(out).toContain('would change nothing');
    expect(out).toContain('wrong labels');
    expect(files(await lab.evening())).toEqual({ held: 1, excluded: 2 });
  });

  it('is taken back with resume, and lists itself', async () => {
    await using lab = await slow({ [`${RUN}/a.tif`]: 'a' });
    await lab.evening();
    await lab.run('force', RUN, '--yes', '--reason', 'soon');

    const listed = (await lab.run('force')).out;
    const back = await lab.json('resume', 'path', `lab:${RUN}`);

    expect(listed).toContain(`lab:${RUN}`);
    expect(listed).toContain('soon');
    expect(back).toMatchObject({ kind: 'path', name: `lab:${RUN}`, lifted: true });
    expect(await lab.json('resume', 'path', RUN)).toMatchObject({ lifted: false });
    expect(files(await lab.evening())).toEqual({ notSettled: 1, excluded: 1 });
  });
});

describe('nightjar exclude', () => {
  it('needs a reason, leaves the files out under it, and is undone by resume', async () => {
    await using lab = await nights({ [`${RUN}/a.tif`]: 'a', 'SEM1/mueller/other/c': 'c' }, { settle: '0s' });
    await lab.share.put({ [`${RUN}/.nightjar.yaml`]: 'hold: "not yet"' });
    await lab.evening();
    await lab.share.remove(`${RUN}/.nightjar.yaml`);

    const without = await lab.run('exclude', RUN, '--yes');
    await lab.run('exclude', RUN, '--reason', 'alignment only', '--yes');
    const report = await lab.evening();

    expect(without).toMatchObject({ code: 64, err: expect.stringContaining('reason') });
    expect(files(report)).toEqual({ unchanged: 1, excluded: 2 });
    expect(report.notes).toContainEqual(
      expect.objectContaining({ where: `${RUN}/a.tif`, reason: expect.stringContaining('alignment only') }),
    );
    expect(await lab.json('why', RUN)).toMatchObject({
      causes: [{ bucket: 'excluded', help: expect.stringContaining(`nightjar resume path lab:${RUN}`) }],
    });
    expect((await lab.run('explain', `${RUN}/a.tif`)).out).toContain('alignment only');
    await lab.run('resume', 'path', RUN);
    expect(files(await lab.evening())).toEqual({ delivered: 1, unchanged: 1, excluded: 1 });
  });

  it('takes files out of a batch that has not been sent, and leaves what was delivered', async () => {
    await using lab = await nights({ [`${RUN}/a.tif`]: 'a', [`${RUN}/bad.tif`]: 'b' }, { settle: '0s' });
    await lab.evening(undefined, { deliver: 'hold' });

    const preview = await lab.json('exclude', `${RUN}/bad.tif`, '--reason', 'spoilt', '--dry-run');
    await lab.run('exclude', `${RUN}/bad.tif`, '--reason', 'spoilt', '--yes');

    expect(preview).toMatchObject({ done: false, batches: 1 });
    expect(files(await lab.evening())).toEqual({ delivered: 1, excluded: 2 });
    await lab.run('exclude', RUN, '--reason', 'all of it', '--yes');
    expect(files(await lab.evening())).toEqual({ unchanged: 1, excluded: 2 });
  });

  it('takes nothing out of a delivery that its destination has lost: only a person sends that again', async () => {
    await using lab = await nights({ [`${RUN}/a.tif`]: 'a', [`${RUN}/b.tif`]: 'b' }, { settle: '0s' });
    await lab.evening();
    const error = { code: 'EVIDENCE_GONE', message: 'it is gone', hint: 'h', at: Date.now() };
    lab.inLedger(({ list, batches }) => {
      for (const { id } of [...list()]) batches.fail(batches.get(id), { to: 'held', error });
    });

    await lab.run('exclude', `${RUN}/a.tif`, '--reason', 'spoilt', '--yes');

    expect(lab.inLedger(({ list }) => [...list()].map(({ state }) => state))).toEqual(['held']);
  });

  it('refuses a path that no look has seen', async () => {
    await using lab = await nights({ [`${RUN}/a.tif`]: 'a' });
    await lab.evening();

    expect(await lab.run('exclude', 'SEM1/muller', '--reason', 'x', '--yes')).toMatchObject({
      code: 64,
      err: expect.stringContaining('SEM1/muller'),
    });
  });
});
