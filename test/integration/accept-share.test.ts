import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SHARE } from '../support/ledger-fixture.ts';
import { type Nights, nights } from '../support/nights.ts';

const TREE = { 'SEM1/mueller/a/x.tif': 'x', 'TEM/mueller/b/y.tif': 'y', 'XRD/chen/c/z.raw': 'z' };

/** The share as an evening of another time remembers it: on a file server that it has left since. */
async function movedShare(): Promise<Nights> {
  const lab = await nights(TREE, { settle: '0s' });
  await lab.evening();
  lab.inLedger(({ identities }) => {
    const identity = JSON.parse(identities.find(SHARE) ?? '{}') as object;
    identities.save(SHARE, JSON.stringify({ ...identity, source: '//old-nas/instruments' }));
  });
  return lab;
}

describe('a share that was moved to another file server on purpose', () => {
  it('is refused, shown beside what is remembered, and taken over by accept-share with nothing sent again', async () => {
    await using lab = await movedShare();

    const refused = await lab.evening();
    const previewed = await lab.run('accept-share', 'lab');
    const accepted = await lab.run('accept-share', 'lab', '--yes');
    const next = await lab.evening();

    expect(refused.shares).toMatchObject([
      {
        looked: false,
        problem: {
          code: 'SHARE_NOT_PROVEN',
          message: expect.stringContaining('expected //old-nas/instruments'),
          hint: expect.stringContaining('nightjar accept-share lab'),
        },
        unknown: { files: 4 },
      },
    ]);
    expect(previewed.code).toBe(3);
    expect(previewed.out).toMatch(/source +\/\/old-nas\/instruments/);
    expect(previewed.out).toMatch(/directories +SEM1, TEM, XRD +SEM1, TEM, XRD/);
    expect(previewed.out).toContain('Nothing was changed');
    expect(accepted).toMatchObject({ code: 0, out: expect.stringContaining('Accepted') });
    expect(next).toMatchObject({ outcome: 'done', deliveries: [], buckets: { unchanged: { files: 3 } } });
  });

  it('answers as JSON with both identities', async () => {
    await using lab = await movedShare();

    const previewed = await lab.json('accept-share', 'lab');
    await lab.run('accept-share', 'lab', '--yes');
    const after = await lab.json('accept-share', 'lab');

    expect(previewed).toMatchObject({
      ...{ share: 'lab', accepted: false, remembered: { source: '//old-nas/instruments' } },
      ...{ found: { dirs: ['SEM1', 'TEM', 'XRD'] }, why: expect.stringContaining('expected //old-nas') },
    });
    expect(after).toMatchObject({ accepted: false, why: null });
  });

  it('is refused as long as it has no marker, and under a name that is not configured', async () => {
    await using lab = await movedShare();
    await lab.share.remove('.nightjar-share');

    expect((await lab.run('accept-share', 'lab', '--yes')).err).toContain('SHARE_NOT_PROVEN');
    expect((await lab.run('accept-share', 'lap')).err).toContain('Did you mean lab?');
  });
});

describe('another tree with a marker of its own in the place of the share', () => {
  it('concludes nothing, and what is known stays until a person accepts it', async () => {
    await using lab = await nights(TREE, { settle: '0s' });
    await lab.evening();
    await rename(lab.share.root, `${lab.share.root}.away`);
    await mkdir(`${lab.share.root}/backup/old/z`, { recursive: true });
    execFileSync('touch', [`${lab.share.root}/.nightjar-share`, `${lab.share.root}/backup/old/z/1`]);

    const report = await lab.evening();
    const known = await lab.json('explain', 'SEM1/mueller/a/x.tif');
    await rm(lab.share.root, { recursive: true });
    await rename(`${lab.share.root}.away`, lab.share.root);
    const back = await lab.evening();

    expect(report).toMatchObject({
      ...{ outcome: 'attention', deliveries: [], seen: { files: 0 } },
      shares: [{ looked: false, problem: { message: expect.stringContaining('3 of 3 directories') } }],
    });
    expect(known).toMatchObject({ file: { gone: false }, problem: { code: 'SHARE_NOT_PROVEN' } });
    expect(back).toMatchObject({ outcome: 'done', deliveries: [] });
  });
});
