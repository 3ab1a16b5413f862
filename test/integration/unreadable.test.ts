import { describe, expect, it } from 'vitest';
import { BUCKETS } from '../../src/nightly/judge.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { nights } from '../support/nights.ts';

const files = (report: RunReport): Record<string, number> =>
  Object.fromEntries(
    BUCKETS.map((bucket) => [bucket, report.buckets[bucket].files]).filter(([, n]) => n !== 0),
  );
const RUN = 'SEM1/mueller/run';
/** The tests read as nobody where they are root, else as the owner of the files. */
const isRoot = process.geteuid?.() === 0;
const who = isRoot ? 'o' : 'u';
const OWNER = isRoot ? 'root (uid 0)' : `(uid ${process.geteuid?.()})`;

describe('what Nightjar may not read', () => {
  it('has a row each in report and why: owner, since when, what is missing, and who can mend it', async () => {
    await using lab = await nights(
      { [`${RUN}/a.tif`]: 'a', [`${RUN}/secret.tif`]: { content: 'xx', mode: 0 } },
      { asNobody: true, settle: '0s' },
    );
    const before = Date.now();
    const first = await lab.evening();
    lab.advance(24 * 3_600_000);
    await lab.share.put({ [`${RUN}/secret.tif`]: { content: 'xxxx', mode: 0 } });
    const report = await lab.evening();
    const row = report.notes.find(({ bucket }) => bucket === 'unreadable');
    const why = await lab.json('why', `${RUN}/secret.tif`);

    expect(files(first)).toEqual({ delivered: 1, unreadable: 1, excluded: 1 });
    expect(report).toMatchObject({ outcome: 'attention', balanced: true });
    expect(row).toMatchObject({ where: `${RUN}/secret.tif`, owner: 'mueller', files: 1, bytes: 4 });
    expect(row?.reason).toContain(`lacks ${who}+r: mode 0000, owner`);
    expect(row?.reason).toContain(OWNER);
    expect(row?.help).toContain(`chmod ${who}+r ${RUN}/secret.tif`);
    expect(row?.since).toBeGreaterThanOrEqual(before);
    expect(row?.since).toBeLessThan(Date.now());
    expect(why).toMatchObject({ causes: [{ bucket: 'unreadable', help: row?.help, since: row?.since }] });
    expect((await lab.run('explain', `${RUN}/secret.tif`)).out).toContain(`lacks ${who}+r`);
  });

  it('is told of a folder with the owner that the rules give what is in it', async () => {
    await using lab = await nights(
      {
        'SEM1/mueller': { dir: true, mode: 0 },
        'SEM1/chen/run': { dir: true, mode: 0o444 },
        'SEM1/chen/run/a.tif': 'a',
      },
      { asNobody: true, settle: '0s' },
    );

    const { notes } = await lab.evening();

    expect(notes).toContainEqual(
      expect.objectContaining({
        ...{ bucket: 'unreadable', where: 'SEM1/mueller', owner: 'mueller' },
        reason: expect.stringContaining(`lacks ${who}+rx`),
      }),
    );
    expect(notes).toContainEqual(
      expect.objectContaining({
        ...{ bucket: 'unreadable', where: 'SEM1/chen/run/a.tif', owner: 'chen' },
        reason: expect.stringContaining(`its folder lacks ${who}+x`),
      }),
    );
  });

  it('does not keep its neighbours back, and goes when it can be read (trap 8)', async () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`${RUN}/${n}.tif`, 'x']));
    await using lab = await nights(
      { ...many, [`${RUN}/secret.tif`]: { content: 's', mode: 0 } },
      { asNobody: true, settle: '0s' },
    );

    const first = await lab.evening();
    await lab.share.put({ [`${RUN}/secret.tif`]: { content: 's', mode: 0o644 } });

    expect(files(first)).toEqual({ delivered: 300, unreadable: 1, excluded: 1 });
    expect(files(await lab.evening())).toEqual({ delivered: 1, unchanged: 300, excluded: 1 });
  });

  it('is no trouble where it is left out anyway, by pattern or by hand, and is still counted (trap 2)', async () => {
    await using lab = await nights(
      {
        'lost+found': { dir: true, mode: 0 },
        [`${RUN}/closed`]: { dir: true, mode: 0 },
        [`${RUN}/a.tif`]: 'a',
      },
      { asNobody: true, settle: '0s' },
    );

    const first = await lab.evening();
    await lab.run('exclude', `${RUN}/closed`, '--reason', 'private', '--yes');
    const second = await lab.evening();

    expect(files(first)).toEqual({ delivered: 1, unreadable: 1, excluded: 2 });
    expect(files(second)).toEqual({ unchanged: 1, excluded: 3 });
    expect(second.outcome).toBe('done');
    expect(second.notes.map(({ reason }) => reason).join()).toContain('private');
  });
});
