import { readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { NightlyEvent } from '../../src/nightly/parts.ts';
import { SHARE } from '../support/ledger-fixture.ts';
import { type Nights, nights } from '../support/nights.ts';
import { shareChildren } from '../support/share-children.ts';

const TREE = {
  'SEM1/mueller/a/x.tif': 'xx',
  'SEM1/mueller/a/deep/y.tif': 'yyy',
  'TEM/chen/b/z.raw': 'z',
};

/** A lab whose files are all delivered, before somebody takes the right to list a directory away. */
async function deliveredLab(): Promise<Nights> {
  const lab = await nights(TREE, { settle: '0s', asNobody: true });
  await lab.evening();
  return lab;
}

describe('a directory that cannot be listed', () => {
  it('trap 1: makes all below it unknown, never gone, and the report counts it apart', async () => {
    await using lab = await deliveredLab();
    await lab.share.put({ 'SEM1/mueller': { dir: true, mode: 0o000 } });

    const report = await lab.evening();
    const nextEvening = await lab.evening();

    for (const { outcome, balanced, seen, buckets, shares } of [report, nextEvening]) {
      expect({ outcome, balanced, seen: seen.files }).toEqual({
        outcome: 'attention',
        balanced: true,
        seen: 3,
      });
      expect(buckets).toMatchObject({ unreadable: { files: 1 }, unchanged: { files: 1 } });
      expect(shares).toEqual([{ name: 'lab', looked: true, unknown: { files: 2, bytes: 5 } }]);
    }
  });

  it('is told the same by explain and why, for a file, a directory and what lies deep below', async () => {
    await using lab = await deliveredLab();
    await lab.share.put({ 'SEM1/mueller': { dir: true, mode: 0o000 } });
    await lab.evening();

    const file = await lab.json('explain', 'SEM1/mueller/a/deep/y.tif');
    const dir = await lab.json('explain', 'SEM1/mueller/a');
    const why = await lab.run('why', 'SEM1/mueller/a');

    expect(file).toMatchObject({
      file: { gone: false, unknown: 'SEM1/mueller cannot be listed (EACCES)', state: 'verified' },
      tonight: expect.stringContaining('nobody knows whether it is there'),
    });
    expect(dir).toMatchObject({
      ...{ kind: 'directory', buckets: null, unknown: { files: 2, bytes: 5 } },
      tonight: expect.stringContaining('nobody knows what is there'),
    });
    expect(why.out).toContain('the directory cannot be listed, and what is in it is unknown');
  });

  it('is named as it is now, also where another one below it could not be listed before', async () => {
    await using lab = await deliveredLab();
    await lab.share.put({ 'SEM1/mueller/a': { dir: true, mode: 0o000 } });
    await lab.evening();
    await lab.share.put({ 'SEM1/mueller': { dir: true, mode: 0o000 } });
    await lab.evening();

    const file = await lab.json('explain', 'SEM1/mueller/a/x.tif');

    expect(file).toMatchObject({ file: { unknown: 'SEM1/mueller cannot be listed (EACCES)' } });
  });

  it('sends nothing again when it can be listed again, and only then says what has gone', async () => {
    await using lab = await deliveredLab();
    await lab.share.put({ 'SEM1/mueller': { dir: true, mode: 0o000 } });
    await lab.evening();
    await lab.share.put({ 'SEM1/mueller': { dir: true, mode: 0o755 } });
    await lab.share.remove('SEM1/mueller/a/deep');

    const report = await lab.evening();

    expect(report).toMatchObject({
      outcome: 'done',
      deliveries: [],
      shares: [{ name: 'lab', looked: true }],
    });
    expect(await lab.json('explain', 'SEM1/mueller/a/deep/y.tif')).toMatchObject({ file: { gone: true } });
    expect(await lab.json('explain', 'SEM1/mueller/a/x.tif')).toMatchObject({ file: { gone: false } });
  });

  it('does not call unknown what had gone before', async () => {
    await using lab = await deliveredLab();
    await lab.share.remove('SEM1/mueller/a/deep');
    await lab.evening();
    await lab.share.put({ 'SEM1/mueller': { dir: true, mode: 0o000 } });

    const report = await lab.evening();

    expect(report.shares).toEqual([{ name: 'lab', looked: true, unknown: { files: 1, bytes: 2 } }]);
    expect(await lab.json('explain', 'SEM1/mueller/a/deep/y.tif')).toMatchObject({ file: { gone: true } });
  });

  it('trap 2: counts as present, so that a lost right is no drop of the share', async () => {
    await using lab = await nights(TREE, {
      ...{ settle: '0s', asNobody: true },
      shareKeys: 'alarm: { evenings: 1, factor: 2, min_files: 1, min_bytes: 1 B }',
    });
    await lab.evening();
    await lab.share.put({ 'SEM1/mueller': { dir: true, mode: 0o000 } });

    const report = await lab.evening();

    expect(report.shares[0]?.suspicion).toBeUndefined();
    expect(report.shares[0]?.unknown).toEqual({ files: 2, bytes: 5 });
  });

  it('trap 8: keeps no other file back', async () => {
    await using lab = await deliveredLab();
    await lab.share.put({ 'SEM1/mueller': { dir: true, mode: 0o000 }, 'TEM/chen/b/new.raw': 'new' });

    const report = await lab.evening();

    expect(report.buckets).toMatchObject({ delivered: { files: 1 }, unreadable: { files: 1 } });
  });
});

describe('a share whose marker goes away while it is walked', () => {
  it('trap 3: has not been looked at: what was seen before says nothing, and what was known stays', async () => {
    await using lab = await deliveredLab();
    await lab.share.remove('SEM1/mueller/a/deep');
    const takeMarker = async ({ name }: NightlyEvent): Promise<void> => {
      if (name === 'share.progress') await rm(lab.share.path('.nightjar-share'), { force: true });
    };

    const report = await lab.evening(takeMarker);

    expect(report).toMatchObject({
      ...{ outcome: 'attention', seen: { files: 0 }, deliveries: [] },
      shares: [{ looked: false, problem: { code: 'SHARE_NOT_PROVEN' }, unknown: { files: 4 } }],
    });
    const known = await lab.json('explain', 'SEM1/mueller/a/deep/y.tif');
    expect(known).toMatchObject({ file: { gone: false }, problem: { code: 'SHARE_NOT_PROVEN' } });
  });
});

// A process that lives for a tenth of a second must be caught: one that comes too late tries again.
describe('of two shares one that hangs', { retry: 3 }, () => {
  it('is given up and called offline, and the evening of the other is whole', async () => {
    await using lab = await nights({ 'SEM1/mueller/a/x.tif': 'x' }, { settle: '0s', shareKeys: 'stall: 3s' });
    await using other = await nights({ 'XRD/chen/c/z.raw': 'z' });
    const config = await readFile(lab.config, 'utf8');
    const both = `, second: { root: ${other.share.root} } }\ndestinations`;
    await writeFile(lab.config, config.replace(' }\ndestinations', both));

    const report = await lab.evening(freezeFirstScan());

    expect(report).toMatchObject({ outcome: 'attention', balanced: true });
    expect(report.shares).toMatchObject([
      { name: 'lab', looked: false, problem: { code: expect.stringMatching(/SHARE_(STALLED|UNREACHABLE)/) } },
      { name: 'second', looked: true },
    ]);
    expect(report.deliveries).toMatchObject([{ owner: 'chen', files: 1, evidence: 'verified' }]);
    const status = await lab.json('status');
    expect(status).toMatchObject({
      shares: [{ share: 'lab', offlineSince: expect.any(Number) }, { share: 'second' }],
    });
    expect((await lab.run('status')).out).toMatch(/OFFLINE since/);
    lab.inLedger(({ scans }) => expect(scans.offline(SHARE)).toBeDefined());
  });
});

/** Stops the first process that reads a share, as a mount that hangs does; it is killed by the one who waits for it. */
function freezeFirstScan(): (event: NightlyEvent) => void {
  let frozen = false;
  return ({ name }) => {
    if (name !== 'share.looking' || frozen) return;
    frozen = true;
    const look = (): void => {
      const [pid] = shareChildren('prove-child');
      if (pid === undefined) setImmediate(look);
      else process.kill(pid, 'SIGSTOP');
    };
    look();
  };
}
