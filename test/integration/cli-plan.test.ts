import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { cliLab } from '../support/cli-lab.ts';
import { seedLedger } from '../support/seed-ledger.ts';

/** Path, size, times and content of everything below, and of each directory. */
function fingerprint(...roots: readonly string[]): string[] {
  return roots.flatMap((root) =>
    ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })].sort().map((name) => {
      const path = join(root, name);
      const { mtimeNs, ctimeNs, ino, size } = statSync(path, { bigint: true });
      const hash = statSync(path).isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex')
        : '';
      return [path, size, mtimeNs, ctimeNs, ino, hash].join(' ');
    }),
  );
}

/** Names and content, but for that of SQLite's table of readers (-shm): a reader of a ledger in use stands in it. */
function contents(dir: string): string[] {
  return readdirSync(dir)
    .sort()
    .map((name) => (name.endsWith('-shm') ? name : `${name} ${sha256(join(dir, name))}`));
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

const TREE = {
  'SEM1/mueller/run1/a.tif': 'aaaa',
  'SEM1/mueller/run1/b.tif': 'bb',
  'SEM1/chen/run2/c.tif': 'c',
  'TEM/service/log.txt': 'log',
  'Raman/mueller_chen/m.spc': 'm',
};

describe('nightjar plan', () => {
  it('shows what would go, to whom, and why the rest would stay', async () => {
    await using lab = await cliLab(TREE);

    const plan = await lab.json('plan', '--batches');

    expect(plan).toMatchObject({
      format: 1,
      shares: [{ name: 'lab', looked: true, files: 6 }],
      expectedMs: null,
      earlier: { batches: 0 },
      stays: { held: { files: 2 }, excluded: { files: 1 } },
    });
    expect(plan['groups']).toEqual(
      expect.arrayContaining([
        { owner: 'mueller', destination: 'archive', batches: 1, files: 2, bytes: 6 },
        { owner: 'chen', destination: 'archive', batches: 1, files: 1, bytes: 1 },
      ]),
    );
    expect(plan['batches']).toHaveLength(2);
  });

  it('writes nothing anywhere, and makes no state directory', async () => {
    await using lab = await cliLab(TREE);
    const before = [...fingerprint(lab.dir, lab.share.root), ...readdirSync('.')];

    const answer = await lab.run('plan', '--batches');

    expect(answer).toMatchObject({ code: 0, err: '' });
    expect(answer.out).toContain('nothing was delivered yet');
    expect([...fingerprint(lab.dir, lab.share.root), ...readdirSync('.')]).toEqual(before);
  });

  it('writes nothing where there is a ledger', async () => {
    await using lab = await cliLab(TREE);
    lab.inLedger((ledger) => seedLedger(ledger, [{ dir: 'SEM1/mueller/old', to: 'held' }]));
    const closed = fingerprint(lab.dir, lab.share.root);

    expect(await lab.run('plan')).toMatchObject({ code: 0 });

    expect(fingerprint(lab.dir, lab.share.root)).toEqual(closed);
  });

  it('sees what is still only in the log of a ledger in use, and changes neither', async () => {
    await using lab = await cliLab(TREE);
    lab.inLedger((ledger) => seedLedger(ledger, []));
    const daemon = openLedger(lab.stateDir);
    try {
      const hold = { kind: 'owner', name: 'chen', reason: 'moving', since: 1 } as const;
      daemon.pauses.put({ ...hold, until: undefined, code: undefined });
      const before = contents(lab.stateDir);

      const plan = await lab.json('plan');

      expect(plan['groups']).toContainEqual(expect.objectContaining({ owner: 'chen', onHold: 'moving' }));
      expect(contents(lab.stateDir)).toEqual(before);
    } finally {
      daemon.close();
    }
  });

  it('tells the expected duration from past deliveries', async () => {
    await using lab = await cliLab(TREE);
    lab.inLedger((ledger) => seedLedger(ledger, [{ dir: 'SEM1/mueller/old', to: 'verified' }]));

    const plan = await lab.json('plan');

    // 2000 bytes took 2000 ms; 7 bytes in two lanes.
    expect(plan).toMatchObject({ expectedMs: 4 });
  });

  it('ends with 3 and says so when a share cannot be proven', async () => {
    await using lab = await cliLab(TREE, { marker: false });

    const answer = await lab.run('plan');

    expect(answer.code).toBe(3);
    expect(answer.out).toMatch(/SHARE_NOT_PROVEN[^]*touch .*\.nightjar-share/);
  });
});
