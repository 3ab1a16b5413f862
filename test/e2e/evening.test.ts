import { once } from 'node:events';
import { appendFile, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUCKETS } from '../../src/nightly/judge.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { below, treeHashes } from '../support/tree-hashes.ts';
import { untilTrue } from '../support/until.ts';

const delivered = (lab: Lab, owner: string): Promise<Map<string, string>> =>
  treeHashes(join(lab.delivered, owner, 'data'));
const files = (report: RunReport): Record<string, number> =>
  Object.fromEntries(
    BUCKETS.map((bucket) => [bucket, report.buckets[bucket].files]).filter(([, n]) => n !== 0),
  );

describe('an evening', () => {
  it('brings every settled file whole to its owner, and the balance says so', async () => {
    await using lab = await startLab();
    for (let n = 0; n < 40; n++)
      await lab.put(`SEM1/mueller/run${n % 3}/img_${n}.tif`, Buffer.alloc(1000 + n, n));
    await lab.put('SEM1/schmidt/s/ä ö/größe.txt', 'text');
    await lab.put('SEM1/schmidt/s/empty', '');
    await lab.put('SEM1/guest/x/y.dat', 'nobody knows the guest');
    await symlink('/etc/passwd', join(lab.share, 'SEM1/schmidt/s/link'));

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done', balanced: true, seen: { files: 45 } });
    expect(files(report)).toEqual({ delivered: 43, excluded: 2 });
    expect(report.owners).toMatchObject({
      mueller: { delivered: { files: 40 } },
      collector: { delivered: { files: 1 } },
    });
    const source = await treeHashes(lab.share);
    const arrived = new Map(
      (await Promise.all(['mueller', 'schmidt', 'collector'].map((owner) => delivered(lab, owner)))).flatMap(
        (tree) => [...tree],
      ),
    );
    source.delete('.nightjar-share');
    expect(arrived).toEqual(below('lab', source));
  });

  it('sends nothing twice, and what is new only', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/a/1', 'one');
    await lab.evening();
    await lab.put('SEM1/mueller/a/2', 'two');

    const second = await lab.evening();
    const third = await lab.evening();

    expect(files(second)).toEqual({ delivered: 1, unchanged: 1, excluded: 1 });
    expect(second.deliveries.map(({ files: n }) => n)).toEqual([1]);
    expect(files(third)).toEqual({ unchanged: 2, excluded: 1 });
    expect(third).toMatchObject({ outcome: 'done', deliveries: [] });
  });

  it('waits for a file that grows, and takes it when it has stopped', async () => {
    await using lab = await startLab({ settle: '1s' });
    await lab.put('SEM1/mueller/a/stack.tif', 'x');
    await lab.put('SEM1/schmidt/b/done.tif', 'done');
    const growing = setInterval(() => void appendFile(join(lab.share, 'SEM1/mueller/a/stack.tif'), 'x'), 100);
    const first = await lab.evening();
    clearInterval(growing);

    const second = await lab.evening();

    expect(files(first)).toEqual({ delivered: 1, notSettled: 1, excluded: 1 });
    expect(first.notes.find(({ bucket }) => bucket === 'notSettled')).toMatchObject({
      where: 'SEM1/mueller/a',
      owner: 'mueller',
    });
    expect(files(second)).toEqual({ delivered: 1, unchanged: 1, excluded: 1 });
    expect(await delivered(lab, 'mueller')).toEqual(
      below('lab/SEM1/mueller', await treeHashes(join(lab.share, 'SEM1/mueller'))),
    );
  });

  it('brings another version of a delivered file beside the first, never over it', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/a/notes.txt', 'first');
    await lab.evening();
    await lab.put('SEM1/mueller/a/notes.txt', 'second, longer');

    await lab.evening();

    const paths = [...(await delivered(lab, 'mueller')).keys()].sort();
    expect(paths).toHaveLength(2);
    expect(paths[0]).toMatch(/^_addenda\/\d{4}-\d\d-\d\d_[0-9a-f]{8}\/lab\/SEM1\/mueller\/a\/notes\.txt$/);
    expect(await readFile(join(lab.delivered, 'mueller/data/lab/SEM1/mueller/a/notes.txt'), 'utf8')).toBe(
      'first',
    );
  });

  it('never puts a new version over a delivered one, also when that was put back before', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/a/notes.txt', 'first');
    await lab.evening();
    expect((await lab.nightjar('requeue', '--state', 'delivered', '--all', '--yes')).code).toBe(0);
    await lab.put('SEM1/mueller/a/notes.txt', 'second, longer');

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    expect([...(await delivered(lab, 'mueller')).keys()].sort()).toEqual([
      expect.stringMatching(/^_addenda\/.*\/lab\/SEM1\/mueller\/a\/notes\.txt$/),
      'lab/SEM1/mueller/a/notes.txt',
    ]);
    expect(await readFile(join(lab.delivered, 'mueller/data/lab/SEM1/mueller/a/notes.txt'), 'utf8')).toBe(
      'first',
    );
  });

  it('never takes an empty mount point for a share', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/a/1', 'one');
    await lab.evening();
    await rename(lab.share, `${lab.share}.away`);
    await mkdir(lab.share);

    const away = await lab.evening();
    await rm(lab.share, { recursive: true });
    await rename(`${lab.share}.away`, lab.share);
    const back = await lab.evening();

    expect(away).toMatchObject({
      outcome: 'attention',
      shares: [{ looked: false, problem: { code: 'SHARE_NOT_PROVEN' } }],
    });
    expect(files(back)).toEqual({ unchanged: 1, excluded: 1 });
  });

  it('with no file on any share is not a success', async () => {
    await using lab = await startLab();
    await rm(join(lab.share, '.nightjar-share'));
    const said = await lab.nightjar('run', '--json');
    expect(said.code).toBe(3);
    expect(JSON.parse(said.out)).toMatchObject({ outcome: 'attention', seen: { files: 0 } });
  });

  it('throws a look away whose share lost its proof meanwhile, and acts on nothing of it', async () => {
    // Long enough for the command that looks between the two looks, also on a busy machine.
    await using lab = await startLab({ settle: '8s' });
    await lab.put('SEM1/mueller/a/1', 'one');
    const run = lab.start('run', '--json');
    let [out, state] = ['', ''];
    run.stdout?.on('data', (piece: Buffer) => {
      out += piece.toString();
    });
    await untilTrue(async () => {
      state = (await lab.nightjar('explain', 'SEM1/mueller/a/1')).out;
      return state.includes('has not yet looked the same');
    }, 'the first look');
    await rm(join(lab.share, '.nightjar-share'));
    await once(run, 'exit');

    expect(JSON.parse(out)).toMatchObject({
      outcome: 'attention',
      shares: [{ looked: false, problem: { code: 'SHARE_NOT_PROVEN' } }],
      deliveries: [],
    });
  });
});
