import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUCKETS } from '../../src/nightly/judge.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { nights } from '../support/nights.ts';

const folders = (mueller: string): string => `rules:
  - match: "{instrument}/{owner}/{dataset}/**"
owners:
  mueller: ${mueller}
  chen: {}
collector: {}
`;

const files = (report: RunReport): Record<string, number> =>
  Object.fromEntries(
    BUCKETS.map((bucket) => [bucket, report.buckets[bucket].files]).filter(([, n]) => n !== 0),
  );

describe('an owner who uploads by hand', () => {
  it('gets nothing sent, and every command and the balance say so', async () => {
    await using lab = await nights(
      { 'SEM1/mueller/run/a.tif': 'a', 'SEM1/chen/run/b.tif': 'b' },
      { folders: folders('{ manual: true }'), settle: '0s' },
    );

    const planned = await lab.json('plan');
    const report = await lab.evening();

    expect(planned).toMatchObject({ groups: [{ owner: 'chen' }], stays: { byHand: { files: 1 } } });
    expect(files(report)).toEqual({ delivered: 1, byHand: 1, excluded: 1 });
    expect(report).toMatchObject({
      ...{ balanced: true, outcome: 'done' },
      owners: { mueller: { byHand: { files: 1, bytes: 1 } } },
    });
    expect(await lab.json('why')).toMatchObject({
      causes: expect.arrayContaining([
        expect.objectContaining({
          ...{ bucket: 'byHand', owner: 'mueller', where: 'SEM1/mueller/run' },
          reason: 'rule 1: mueller uploads by hand',
          help: 'To have it delivered: take manual out of owner mueller.',
        }),
      ]),
    });
    expect(await lab.json('explain', 'SEM1/mueller/run/a.tif')).toMatchObject({
      assignment: { kind: 'byHand', owner: 'mueller' },
      file: { state: 'by-hand', reason: 'rule 1: mueller uploads by hand' },
      tonight: 'Nothing: rule 1: mueller uploads by hand.',
    });
    expect((await lab.run('explain', 'SEM1/mueller/run/a.tif')).out).toContain('For mueller, by hand');
    expect((await lab.run('explain', 'SEM1/mueller/new/c.tif')).out).toContain('mueller uploads by hand');
    expect((await lab.run('status')).out).toContain('1 by hand');
  });

  it('gets all of it when they say so no more', async () => {
    await using lab = await nights(
      { 'SEM1/mueller/run/a.tif': 'a' },
      { folders: folders('{ manual: true }'), settle: '0s' },
    );
    await lab.evening();
    await writeFile(join(lab.dir, 'folders.yaml'), folders('{}'));

    expect(files(await lab.evening())).toEqual({ delivered: 1, excluded: 1 });
  });

  it('needs no token, and check does not ask for one', async () => {
    await using lab = await nights({}, { folders: folders('{ manual: true }') });
    await writeFile(
      lab.config,
      `state_dir: ${lab.stateDir}\nshares: { lab: { root: ${lab.share.root} } }\ndestinations: { nomad: { kind: nomad, base_url: "http://127.0.0.1:9/api/v1" } }\n`,
    );
    await writeFile(
      join(lab.dir, 'folders.yaml'),
      folders('{ manual: true }').replace('collector: {}', 'collector: { nomad: { token: c } }'),
    );

    const { out } = await lab.run('check');

    expect(out).toContain('chen has no token');
    expect(out).not.toContain('mueller has no token');
    expect(await lab.json('explain', 'SEM1/mueller/run/a.tif')).toMatchObject({
      assignment: { kind: 'byHand' },
    });
  });

  it('may have opted out or left as well: that comes first', async () => {
    const left = '{ manual: true, leaves: { on: 2020-01-01, successor: chen } }';
    const optedOut = '{ manual: true, opt_out: { until: 2099-12-31, reason: patent } }';

    for (const [mueller, kind] of [
      [left, { kind: 'owned', owner: 'chen' }],
      [optedOut, { kind: 'held', code: 'OPTED_OUT' }],
    ] as const) {
      await using lab = await nights({}, { folders: folders(mueller) });
      expect(await lab.json('explain', 'SEM1/mueller/run/a.tif')).toMatchObject({ assignment: kind });
    }
  });
});

describe('a folder whose control file says that it was uploaded by hand', () => {
  it('is not sent, and its writer’s words are shown', async () => {
    await using lab = await nights(
      {
        'SEM1/mueller/run/a.tif': 'a',
        'SEM1/mueller/run/.nightjar.yaml': 'uploaded: by hand',
        'SEM1/mueller/other/b.tif': 'b',
      },
      { folders: folders('{}'), settle: '0s' },
    );

    const report = await lab.evening();

    expect(files(report)).toEqual({ delivered: 1, byHand: 1, excluded: 2 });
    expect(await lab.json('explain', 'SEM1/mueller/run/a.tif')).toMatchObject({
      assignment: {
        ...{ kind: 'byHand', owner: 'mueller', dataset: 'SEM1/mueller/run' },
        reason: 'SEM1/mueller/run/.nightjar.yaml says that it was uploaded: by hand',
      },
      controls: [{ uploaded: 'by hand' }],
    });
    expect((await lab.run('explain', 'SEM1/mueller/run/a.tif')).out).toContain('uploaded: by hand');
  });

  it('is sent when the line is gone', async () => {
    await using lab = await nights(
      { 'SEM1/mueller/run/a.tif': 'a', 'SEM1/mueller/run/.nightjar.yaml': 'uploaded: by hand' },
      { folders: folders('{}'), settle: '0s' },
    );
    await lab.evening();
    await lab.share.put({ 'SEM1/mueller/run/.nightjar.yaml': 'ready: true' });

    expect(files(await lab.evening())).toEqual({ delivered: 1, excluded: 2 });
  });

  it('stays held where a folder above holds it', async () => {
    await using lab = await nights(
      {
        'SEM1/mueller/.nightjar.yaml': 'hold: "not yet"',
        'SEM1/mueller/run/a.tif': 'a',
        'SEM1/mueller/run/.nightjar.yaml': 'uploaded: by hand',
      },
      { folders: folders('{}'), settle: '0s' },
    );

    expect(files(await lab.evening())).toEqual({ held: 1, excluded: 3 });
  });
});
