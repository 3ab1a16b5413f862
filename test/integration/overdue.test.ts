import { utimesSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Nights, nights } from '../support/nights.ts';

const RUN = 'SEM1/mueller/run';
const HOUR = 3_600_000;
const slow = (tree: Record<string, string>, more: { folders?: string } = {}): Promise<Nights> =>
  nights(tree, { settle: '12h', extra: 'settle_wait: 0s\nsettle_nights: 3', ...more });
const overdue = ({ notes }: RunReport) =>
  notes.flatMap((note) => (note.overdue === undefined ? [] : [{ where: note.where, ...note.overdue }]));

/** Evenings a day apart, before each of which something happens on the share. */
async function evenings(lab: Nights, count: number, before: (n: number) => Promise<void> | void) {
  const reports: RunReport[] = [];
  for (let n = 1; n <= count; n++) {
    await before(n);
    reports.push(await lab.evening());
    lab.advance(24 * HOUR);
  }
  return reports;
}

describe('a dataset that does not settle for nights', () => {
  it('is escalated in report, why and explain with how fast it grows, and is still never dropped (trap 19)', async () => {
    await using lab = await slow({ [`${RUN}/a.tif`]: '' });

    const reports = await evenings(lab, 4, (n) => lab.share.put({ [`${RUN}/a.tif`]: 'x'.repeat(1000 * n) }));
    const why = await lab.json('why', RUN);
    const explained = await lab.run('explain', `${RUN}/a.tif`);

    expect(reports.map(({ outcome }) => outcome)).toEqual(['first', 'done', 'attention', 'attention']);
    expect(reports.slice(0, 2).flatMap(overdue)).toEqual([]);
    expect(overdue(reports[2] as RunReport)).toMatchObject([
      { where: RUN, nights: 3, guess: 'it is still growing, by about 1000 B a night' },
    ]);
    expect(overdue(reports[3] as RunReport)).toMatchObject([{ nights: 4 }]);
    expect(why).toMatchObject({
      causes: [
        {
          overdue: { nights: 4, guess: expect.stringContaining('still growing') },
          sentence: expect.stringContaining('4 nights'),
          help: expect.stringContaining(`nightjar force lab:${RUN}`),
        },
      ],
    });
    expect(JSON.stringify(why)).toContain(`nightjar exclude lab:${RUN}`);
    expect(explained.out).toContain('not settled for 4 nights');

    // It has stopped growing, and goes as everybody else.
    expect(await lab.evening()).toMatchObject({ outcome: 'done', buckets: { delivered: { files: 1 } } });
    expect(await lab.json('why', RUN)).toMatchObject({ causes: [] });
  });

  it('that is only touched is told from one that grows', async () => {
    await using lab = await slow({ [`${RUN}/a.tif`]: 'same' });

    const reports = await evenings(lab, 3, (n) =>
      utimesSync(lab.share.path(`${RUN}/a.tif`), n * 9000, n * 9000),
    );

    expect(overdue(reports[2] as RunReport)).toMatchObject([
      { guess: expect.stringContaining('its times change but not its size') },
    ]);
  });

  it('that waits for a companion says which', async () => {
    const folders =
      'rules: [{ match: "{instrument}/{owner}/{dataset}/**", complete: { marker: "*.done" } }]\nowners: { mueller: {} }\ncollector: {}\n';
    await using lab = await slow({ [`${RUN}/a.tif`]: 'a' }, { folders });

    const reports = await evenings(lab, 3, () => undefined);

    expect(overdue(reports[2] as RunReport)).toMatchObject([
      { guess: expect.stringMatching(/never came.*marker file \*\.done/) },
    ]);
  });

  it('counts evenings, not runs by hand on one day', async () => {
    await using lab = await nights(
      { [`${RUN}/a.tif`]: '' },
      { settle: '1h', extra: 'settle_wait: 0s\nsettle_nights: 3' },
    );
    const reports: RunReport[] = [];
    for (const n of [1, 2, 3]) {
      await lab.share.put({ [`${RUN}/a.tif`]: 'x'.repeat(n) });
      reports.push(await lab.evening());
      lab.advance(5 * HOUR);
    }

    expect(reports.map(({ buckets }) => buckets.notSettled.files)).toEqual([1, 1, 1]);
    expect(reports.flatMap(overdue)).toEqual([]);
  });

  it('does not count what is as slow as its rule wants it', async () => {
    await using lab = await nights(
      { [`${RUN}/a.tif`]: 'a' },
      { settle: '6d', extra: 'settle_wait: 0s\nsettle_nights: 3' },
    );

    const reports = await evenings(lab, 5, () => undefined);

    expect(reports.flatMap(overdue)).toEqual([]);
  });

  it('goes on counting over an evening in which its folder could not be listed (trap 1)', async () => {
    await using lab = await nights(
      { [RUN]: { dir: true, mode: 0o755 }, [`${RUN}/a.tif`]: '' },
      { settle: '12h', extra: 'settle_wait: 0s\nsettle_nights: 3', asNobody: true },
    );

    const reports = await evenings(lab, 4, async (n) => {
      await lab.share.put({ [RUN]: { dir: true, mode: n === 2 ? 0 : 0o755 } });
      if (n !== 2) await lab.share.put({ [`${RUN}/a.tif`]: 'x'.repeat(n) });
    });

    expect(overdue(reports[3] as RunReport)).toMatchObject([{ nights: 3 }]);
  });

  it('can be forced in one command', async () => {
    await using lab = await slow({ [`${RUN}/a.tif`]: '' });
    await evenings(lab, 3, (n) => lab.share.put({ [`${RUN}/a.tif`]: 'x'.repeat(n) }));

    await lab.run('force', RUN, '--yes');

    expect(await lab.evening()).toMatchObject({ outcome: 'done', buckets: { delivered: { files: 1 } } });
  });
});
