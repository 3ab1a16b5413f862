import { once } from 'node:events';
import { readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Lab, startLab } from '../support/lab.ts';
import { below, treeHashes } from '../support/tree-hashes.ts';
import { untilTrue } from '../support/until.ts';

const delivered = (lab: Lab, owner: string): Promise<Map<string, string>> =>
  treeHashes(join(lab.delivered, owner, 'data'));
const manifests = async (lab: Lab): Promise<number> =>
  (await readdir(join(lab.delivered, 'mueller/manifests')).catch(() => [])).length;

async function fill(lab: Lab, datasets: number): Promise<void> {
  for (let n = 0; n < datasets; n++) await lab.put(`SEM1/mueller/run${n}/img.tif`, Buffer.alloc(100_000, n));
}

/** The embedded Redis of a lab: the process that works in its directory. */
async function redisPid(lab: Lab): Promise<number | undefined> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
    if (cwd === join(lab.root, 'state', 'redis')) return Number(name);
  }
  return undefined;
}

describe('an evening goes on', () => {
  it('when Redis is killed in the middle of it', async () => {
    await using lab = await startLab();
    await fill(lab, 60);
    const run = lab.start('run', '--json');
    run.stdout?.resume();
    await untilTrue(async () => (await manifests(lab)) > 2, 'a first delivery');
    const pid = await redisPid(lab);
    if (pid === undefined) throw new Error('the run has no Redis of its own');
    process.kill(pid, 'SIGKILL');
    const [code] = (await once(run, 'exit')) as [number | null];

    expect(code).toBe(0);
    expect(await delivered(lab, 'mueller')).toEqual(
      below('lab/SEM1', await treeHashes(join(lab.share, 'SEM1'))),
    );
    expect(await redisPid(lab)).toBeUndefined();
  });

  it('when it is killed with SIGKILL, with nothing lost, doubled or left behind', async () => {
    await using lab = await startLab();
    await fill(lab, 60);
    const first = lab.start('run');
    await untilTrue(async () => (await manifests(lab)) > 2, 'a first delivery');
    first.kill('SIGKILL');
    await once(first, 'exit');
    await untilTrue(async () => (await redisPid(lab)) === undefined, 'the end of its Redis');

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    expect(report.buckets.delivered.files + report.buckets.unchanged.files).toBe(60);
    expect(report.buckets.unchanged.files).toBeGreaterThan(0);
    expect(await delivered(lab, 'mueller')).toEqual(
      below('lab/SEM1', await treeHashes(join(lab.share, 'SEM1'))),
    );
    expect(await readdir(join(lab.delivered, 'mueller/.incoming'))).toEqual([]);
  });

  it('for the owner of today when the mapping changed while a batch was held', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/a/1', 'whose?');
    await lab.put('SEM1/schmidt/b/2', 'his');
    await lab.nightjar('hold', 'destination', 'archive', '--reason', 'a test');
    await lab.evening();
    await writeFile(
      join(lab.root, 'folders.yaml'),
      `rules: [{ match: "SEM1/mueller/**", owner: meier }, { match: "{instrument}/{owner}/{dataset}/**" }]
owners: { meier: {}, schmidt: {} }
collector: {}
`,
    );
    await lab.nightjar('resume', 'destination', 'archive');

    const report = await lab.evening();

    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    expect([...(await delivered(lab, 'meier')).keys()]).toEqual(['lab/SEM1/mueller/a/1']);
    expect([...(await delivered(lab, 'schmidt')).keys()]).toEqual(['lab/SEM1/schmidt/b/2']);
    expect((await delivered(lab, 'mueller')).size).toBe(0);
  });

  it('without the files of a batch that changed or vanished after it was planned', async () => {
    await using lab = await startLab();
    for (const name of ['1', '2', '3', '4']) await lab.put(`SEM1/mueller/a/${name}`, `content ${name}`);
    expect((await lab.nightjar('hold', 'destination', 'archive', '--reason', 'a test')).code).toBe(0);
    const held = await lab.evening();
    await writeFile(join(lab.share, 'SEM1/mueller/a/2'), 'another content');
    await rm(join(lab.share, 'SEM1/mueller/a/3'));
    expect((await lab.nightjar('resume', 'destination', 'archive')).code).toBe(0);

    const report = await lab.evening();

    expect(held.buckets.held.files).toBe(4);
    expect(report).toMatchObject({ outcome: 'done', balanced: true });
    // A version that may have been under way is never written over: the changed file may be an addendum.
    const arrived = [...(await delivered(lab, 'mueller'))].map(([path, hash]) => [
      path.replace(/^_addenda\/[^/]+\//, ''),
      hash,
    ]);
    expect(new Map(arrived as [string, string][])).toEqual(
      below('lab/SEM1', await treeHashes(join(lab.share, 'SEM1'))),
    );
    expect(arrived).toHaveLength(3);
  });
});
