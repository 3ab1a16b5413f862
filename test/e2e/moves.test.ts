import { cp, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
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

/** A lab with one delivered dataset of `n` files. */
async function labWith(n: number): Promise<Lab> {
  const lab = await startLab();
  for (let at = 0; at < n; at++) await lab.put(`SEM1/mueller/run1/raw/img_${at}.tif`, `image ${at}`);
  await lab.put('SEM1/mueller/run1/notes.txt', 'notes');
  expect(await lab.evening()).toMatchObject({ outcome: 'done', balanced: true });
  return lab;
}

const inShare = (lab: Lab, path: string): string => join(lab.share, path);

describe('a delivered folder that is moved', () => {
  it('or renamed is known again and not sent a second time', async () => {
    await using lab = await labWith(6);
    await rename(inShare(lab, 'SEM1/mueller/run1'), inShare(lab, 'SEM1/mueller/run1_final'));

    const report = await lab.evening();
    const third = await lab.evening();

    expect(files(report)).toEqual({ unchanged: 7, excluded: 1 });
    expect(report).toMatchObject({ outcome: 'done', balanced: true, deliveries: [] });
    expect(report.recognised).toMatchObject([
      { kind: 'moved', from: 'SEM1/mueller/run1', to: 'SEM1/mueller/run1_final', owner: 'mueller', files: 7 },
    ]);
    expect(files(third)).toEqual({ unchanged: 7, excluded: 1 });
    expect(third.recognised).toEqual([]);
    const explained = await lab.nightjar('explain', 'SEM1/mueller/run1_final/raw/img_1.tif');
    expect(explained.out).toContain('moved from SEM1/mueller/run1/raw, delivered there as b-');
  });

  it('on, on again, and back is known each time', async () => {
    await using lab = await labWith(3);
    const names = ['run1', 'run1_b', 'run1_c', 'run1'];

    for (const [at, name] of names.slice(1).entries()) {
      await rename(inShare(lab, `SEM1/mueller/${names[at]}`), inShare(lab, `SEM1/mueller/${name}`));
      expect(files(await lab.evening()), `${names[at]} to ${name}`).toEqual({ unchanged: 4, excluded: 1 });
    }

    const explained = await lab.nightjar('explain', 'SEM1/mueller/run1/notes.txt');
    expect(explained.out).not.toContain('moved from SEM1/mueller/run1,');
  });

  it('to another owner is sent to that owner, and the report says to whom it was delivered before', async () => {
    await using lab = await labWith(3);
    await mkdir(inShare(lab, 'SEM1/schmidt'));
    await rename(inShare(lab, 'SEM1/mueller/run1'), inShare(lab, 'SEM1/schmidt/run1'));

    const report = await lab.evening();

    expect(files(report)).toEqual({ delivered: 4, excluded: 1 });
    expect(report.deliveries).toMatchObject([{ owner: 'schmidt', files: 4 }]);
    expect(report.recognised).toMatchObject([
      { kind: 'given-over', from: 'SEM1/mueller', to: 'SEM1/schmidt', owner: 'mueller', files: 4 },
    ]);
  });

  it('is sent where the old one is still there: that is a copy', async () => {
    await using lab = await labWith(3);
    const [from, to] = [inShare(lab, 'SEM1/mueller/run1'), inShare(lab, 'SEM1/mueller/copy')];
    await cp(from, to, { recursive: true, preserveTimestamps: true });

    const report = await lab.evening();

    expect(files(report)).toEqual({ delivered: 4, unchanged: 4, excluded: 1 });
    expect(report.recognised).toEqual([]);
  });

  it('is sent as far as its content is another, whatever name, size and time say', async () => {
    await using lab = await labWith(6);
    const was = inShare(lab, 'SEM1/mueller/run1');
    const to = inShare(lab, 'SEM1/mueller/run2');
    await cp(was, to, { recursive: true, preserveTimestamps: true });
    const { mtime } = await import('node:fs').then(({ statSync }) => statSync(join(was, 'raw/img_2.tif')));
    await writeFile(join(to, 'raw/img_2.tif'), 'IMAGE 2');
    await utimes(join(to, 'raw/img_2.tif'), mtime, mtime);
    await rm(was, { recursive: true });

    const report = await lab.evening();

    expect(files(report)).toEqual({ delivered: 1, unchanged: 6, excluded: 1 });
    expect(
      await readFile(join(lab.delivered, 'mueller/data/lab/SEM1/mueller/run2/raw/img_2.tif'), 'utf8'),
    ).toBe('IMAGE 2');
  });
});

describe('times that change while the content does not', () => {
  it('of very many files send nothing again: the whole share was restored, or hit by the hour of DST', async () => {
    await using lab = await labWith(120);
    const before = await treeHashes(lab.delivered);
    for (let at = 0; at < 120; at++) {
      const path = inShare(lab, `SEM1/mueller/run1/raw/img_${at}.tif`);
      await utimes(path, new Date(), new Date(Date.now() - 3_600_000));
    }

    const report = await lab.evening();
    const third = await lab.evening();

    expect(files(report)).toEqual({ unchanged: 121, excluded: 1 });
    expect(report.recognised).toMatchObject([{ kind: 'retimed', owner: 'mueller', files: 120 }]);
    expect(files(third)).toEqual({ unchanged: 121, excluded: 1 });
    expect(await treeHashes(lab.delivered)).toEqual(before);
  });

  it('are ordinary changes when a file of the sample has other content', async () => {
    await using lab = await labWith(60);
    for (let at = 0; at < 60; at++) await lab.put(`SEM1/mueller/run1/raw/img_${at}.tif`, `IMAGE ${at}`);

    const report = await lab.evening();

    expect(files(report)).toEqual({ delivered: 60, unchanged: 1, excluded: 1 });
    expect(report.deliveries).toMatchObject([
      { files: 60, location: expect.stringContaining('_addenda') as string },
    ]);
  });

  it('of a few files are decided by the content of each', async () => {
    await using lab = await labWith(4);
    await lab.put('SEM1/mueller/run1/raw/img_0.tif', 'image 0');
    await lab.put('SEM1/mueller/run1/raw/img_1.tif', 'IMAGE 1');

    const report = await lab.evening();

    expect(files(report)).toEqual({ delivered: 1, unchanged: 4, excluded: 1 });
  });

  it('trap 7: a copy of the share on another server, with new inodes and ctimes, sends nothing again', async () => {
    await using lab = await labWith(6);
    await cp(lab.share, `${lab.share}.new`, { recursive: true, preserveTimestamps: true });
    await rename(lab.share, `${lab.share}.old`);
    await rename(`${lab.share}.new`, lab.share);

    const report = await lab.evening();

    expect(files(report)).toEqual({ unchanged: 7, excluded: 1 });
  });
});
