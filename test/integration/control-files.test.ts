import { describe, expect, it } from 'vitest';
import { BUCKETS } from '../../src/nightly/judge.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { nights } from '../support/nights.ts';

const files = (report: RunReport): Record<string, number> =>
  Object.fromEntries(
    BUCKETS.map((bucket) => [bucket, report.buckets[bucket].files]).filter(([, n]) => n !== 0),
  );

describe('a control file', () => {
  it('that is put there after the first look is obeyed by the second, also in a folder above', async () => {
    await using lab = await nights({ 'SEM1/mueller/run/deep/b.tif': 'b' });

    const report = await lab.evening(async ({ name }) => {
      if (name === 'run.waiting') await lab.share.put({ 'SEM1/mueller/.nightjar.yaml': 'hold: "not yet"' });
    });

    expect(files(report)).toEqual({ held: 1, excluded: 1 });
  });

  it('stays in force while its folder cannot be listed, and no file of it goes (trap 1)', async () => {
    await using lab = await nights(
      {
        'SEM1/mueller/run': { dir: true, mode: 0o755 },
        'SEM1/mueller/run/a.tif': 'a',
        'SEM1/mueller/run/.nightjar.yaml': 'hold: "not yet"',
      },
      { asNobody: true },
    );
    await lab.evening();
    await lab.share.put({ 'SEM1/mueller/run': { dir: true, mode: 0 } });

    const unlisted = await lab.evening();
    await lab.share.put({ 'SEM1/mueller/run': { dir: true, mode: 0o755 } });

    expect(files(unlisted)).toEqual({ unreadable: 1, excluded: 1 });
    expect(await lab.json('explain', 'SEM1/mueller/run/a.tif')).toMatchObject({
      assignment: { kind: 'held', reason: expect.stringContaining('not yet') },
    });
    expect(files(await lab.evening())).toEqual({ held: 1, excluded: 2 });
  });

  it('that skips, divides and declares ready narrows only what lies below it', async () => {
    await using lab = await nights(
      {
        'SEM1/mueller/run/sample1/a.tif': 'a',
        'SEM1/mueller/run/sample1/.nightjar.yaml': 'ready: true\ndataset: true',
        'SEM1/mueller/run/sample2/b.tif': 'b',
        'SEM1/mueller/run/tests/c.tif': 'c',
        'SEM1/mueller/run/tests/.nightjar.yaml': 'skip: "focus tests"',
      },
      { settle: '1h', extra: 'settle_wait: 0s' },
    );
    await lab.evening();
    lab.advance(61_000);

    const second = await lab.evening();

    expect(files(second)).toEqual({ delivered: 1, notSettled: 1, excluded: 4 });
    expect(await lab.json('explain', 'SEM1/mueller/run/sample1/a.tif')).toMatchObject({
      assignment: {
        ...{ kind: 'owned', owner: 'mueller', dataset: 'SEM1/mueller/run/sample1', settleMs: 60_000 },
        waived: { by: 'ready' },
      },
    });
    expect(await lab.json('explain', 'SEM1/mueller/run/sample2/b.tif')).toMatchObject({
      assignment: { dataset: 'SEM1/mueller/run', settleMs: 3_600_000 },
    });
    expect(await lab.json('why', 'SEM1/mueller/run/tests/c.tif')).toMatchObject({
      causes: [{ bucket: 'excluded', reason: expect.stringContaining('focus tests') }],
    });
  });

  it('that says ready waives what its rule waits for, but only if all of the dataset is ready', async () => {
    await using lab = await nights(
      {
        'SEM1/mueller/whole/a.tif': 'a',
        'SEM1/mueller/whole/.nightjar.yaml': 'ready: true',
        'SEM1/mueller/part/done/b.tif': 'b',
        'SEM1/mueller/part/done/.nightjar.yaml': 'ready: true',
        'SEM1/mueller/part/c.tif': 'c',
      },
      {
        settle: '0s',
        folders:
          'rules: [{ match: "{instrument}/{owner}/{dataset}/**", complete: { marker: "*.done" } }]\nowners: { mueller: {} }\ncollector: {}\n',
      },
    );

    const report = await lab.evening();

    expect(files(report)).toEqual({ delivered: 1, notSettled: 2, excluded: 3 });
    expect(await lab.json('why', 'SEM1/mueller/part')).toMatchObject({
      causes: [{ reason: expect.stringContaining('marker file') }, {}],
    });
  });

  it('that only asks for more quiet keeps its folder back for so long', async () => {
    await using lab = await nights(
      { 'SEM1/mueller/run/a.tif': 'a', 'SEM1/mueller/run/.nightjar.yaml': 'quiet: 30h' },
      { extra: 'settle_wait: 0s' },
    );
    await lab.evening();
    lab.advance(24 * 3_600_000);
    expect(files(await lab.evening())).toEqual({ notSettled: 1, excluded: 2 });
    lab.advance(7 * 3_600_000);

    expect(files(await lab.evening())).toEqual({ delivered: 1, excluded: 2 });
  });

  it('that the reading account may not read holds its folder', async () => {
    await using lab = await nights(
      {
        'SEM1/mueller/run/a.tif': 'a',
        'SEM1/mueller/run/.nightjar.yaml': { content: 'ready: true', mode: 0 },
      },
      { asNobody: true },
    );

    const report = await lab.evening();

    expect(files(report)).toMatchObject({ held: 1 });
    expect(report.notes.find(({ bucket }) => bucket === 'held')?.reason).toContain(
      'SEM1/mueller/run/.nightjar.yaml: it cannot be read (EACCES)',
    );
  });
});
