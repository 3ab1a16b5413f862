import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUCKETS } from '../../src/nightly/judge.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { treeHashes } from '../support/tree-hashes.ts';

const files = (report: RunReport): Record<string, number> =>
  Object.fromEntries(
    BUCKETS.map((bucket) => [bucket, report.buckets[bucket].files]).filter(([, n]) => n !== 0),
  );
const told = async (lab: Lab, ...args: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await lab.nightjar('--json', ...args)).out) as Record<string, unknown>;

describe('a control file in a folder of the share', () => {
  it('that holds is obeyed by the evening, and plan, why and explain tell the same', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/run/a.tif', 'a');
    await lab.put('SEM1/mueller/run/deep/b.tif', 'b');
    await lab.put('SEM1/mueller/run/.nightjar.yaml', 'hold: "labels are wrong"\n');
    await lab.put('SEM1/mueller/other/c.tif', 'c');
    const reason = 'SEM1/mueller/run/.nightjar.yaml holds it: labels are wrong';

    const plan = await told(lab, 'plan');
    const report = await lab.evening();

    expect(plan).toMatchObject({ stays: { held: { files: 2 } }, groups: [{ files: 1 }] });
    expect(report).toMatchObject({ outcome: 'attention', balanced: true });
    expect(files(report)).toEqual({ delivered: 1, held: 2, excluded: 2 });
    expect(report.notes).toContainEqual(expect.objectContaining({ bucket: 'held', reason }));
    expect(await told(lab, 'why', 'SEM1/mueller/run/deep')).toMatchObject({
      causes: [{ bucket: 'held', reason, help: expect.stringContaining('removes it') }],
    });
    expect(await told(lab, 'explain', 'SEM1/mueller/run/a.tif')).toMatchObject({
      controls: [{ file: 'SEM1/mueller/run/.nightjar.yaml', hold: 'labels are wrong' }],
      assignment: { kind: 'held', reason },
      file: { state: 'held', reason },
    });
    expect((await lab.nightjar('explain', 'SEM1/mueller/run')).out).toContain('hold: labels are wrong');
    expect((await lab.nightjar('explain', 'SEM1/mueller/run/.nightjar.yaml')).out).toContain('not data');

    await rm(join(lab.share, 'SEM1/mueller/run/.nightjar.yaml'));
    expect(files(await lab.evening())).toEqual({ delivered: 2, unchanged: 1, excluded: 1 });
  });

  it('that cannot be followed holds its folder, with line and column in report and explain', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/run/a.tif', 'a');
    await lab.put('SEM1/mueller/run/.nightjar.yaml', 'ready: true\nowner: schmidt\n');

    const report = await lab.evening();

    const place = 'SEM1/mueller/run/.nightjar.yaml:2:1: owner: a control file never says whose data is';
    expect(files(report)).toEqual({ held: 1, excluded: 2 });
    expect(report.notes.find(({ bucket }) => bucket === 'held')?.reason).toContain(place);
    expect((await lab.nightjar('why')).out).toContain(place);
    expect((await lab.nightjar('explain', 'SEM1/mueller/run/a.tif')).out).toContain(place);
    expect(await treeHashes(lab.delivered)).toEqual(new Map());
  });
});
