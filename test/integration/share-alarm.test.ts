import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import type { ShareNode } from '../support/build-share.ts';
import { type Nights, nights } from '../support/nights.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Small enough for a test: five files more or fewer count. */
const ALARM = 'alarm: { evenings: 1, factor: 2, min_files: 5, min_bytes: 1 kB }';

const files = (dir: string, many: number, content = 'x'): Record<string, ShareNode> =>
  Object.fromEntries(Array.from({ length: many }, (_, at) => [`${dir}/f${at}.tif`, content]));

const filled = (report: RunReport): Record<string, number> =>
  Object.fromEntries(
    Object.entries(report.buckets)
      .filter(([, amount]) => amount.files > 0)
      .map(([bucket, amount]) => [bucket, amount.files]),
  );

const TREE = { 'SEM1/mueller/kept/k.txt': 'k', ...files('SEM1/mueller/a', 11), ...files('XRD/chen/b', 4) };

const startLab = (tree: Readonly<Record<string, ShareNode>>, shareKeys = ALARM): Promise<Nights> =>
  nights(tree, { settle: '0s', shareKeys });

function eveningAfter(lab: Nights, ms = DAY, onEvent?: Parameters<Nights['evening']>[0]): Promise<RunReport> {
  lab.advance(ms);
  return lab.evening(onEvent);
}

/** A lab that has had its usual evening: everything is delivered. */
async function usualLab(): Promise<Nights> {
  const lab = await startLab(TREE);
  await eveningAfter(lab);
  return lab;
}

describe('an evening whose share lost most of its files', () => {
  it('plans nothing, says both numbers, and balances', async () => {
    await using lab = await usualLab();
    await lab.share.remove('SEM1/mueller/a');
    await lab.share.put({ 'XRD/chen/new/y.raw': 'new' });

    const told: string[] = [];
    const report = await eveningAfter(lab, DAY, ({ name }) => void told.push(name));

    expect(report).toMatchObject({ outcome: 'attention', balanced: true, deliveries: [] });
    expect(filled(report)).toEqual({ unchanged: 5, held: 1, excluded: 1 });
    expect(report.shares).toEqual([
      {
        ...{ name: 'lab', looked: true },
        suspicion: {
          ...{ kind: 'drop', since: expect.any(Number) },
          reason: 'share lab is under suspicion of a drop: 7 files; usual is 17 files',
          help: expect.stringContaining('nightjar accept-scan lab'),
        },
      },
    ]);
    expect(told).toContain('share.suspicious');
  });

  it('is told the same by plan, why, status and explain, and no file of it is called gone', async () => {
    await using lab = await usualLab();
    await lab.share.remove('SEM1/mueller/a');
    await lab.share.put({ 'XRD/chen/new/y.raw': 'new' });
    await eveningAfter(lab);

    const reason = 'share lab is under suspicion of a drop: 7 files; usual is 17 files';
    const plan = await lab.json('plan');
    expect(plan).toMatchObject({ groups: [], shares: [{ suspicion: { reason } }] });
    const why = await lab.run('why', 'XRD/chen/new');
    expect(why.out).toContain(`held: lab:XRD/chen/new (chen), 1 file`);
    expect(why.out).toContain(reason);
    expect(why.out).toContain('nightjar accept-scan lab');
    const status = await lab.run('status');
    expect(status.out).toMatch(/NOT BELIEVED since .*: share lab is under suspicion of a drop/);
    expect(await lab.json('status')).toMatchObject({ shares: [{ share: 'lab', suspicion: { reason } }] });
    const missing = await lab.json('explain', 'SEM1/mueller/a/f0.tif');
    expect(missing).toMatchObject({ file: { gone: false, state: 'verified' }, suspicion: { reason } });
  });

  it('goes on once a person accepts it, and what it saw is usual from then on', async () => {
    await using lab = await usualLab();
    await lab.share.remove('SEM1/mueller/a');
    await lab.share.put({ 'XRD/chen/new/y.raw': 'new' });
    await eveningAfter(lab);

    const asked = await lab.run('accept-scan');
    const accepted = await lab.run('accept-scan', 'lab', '--yes');
    const next = await eveningAfter(lab, HOUR);

    expect(asked.out).toContain('7 files');
    expect(asked.out).toContain('Nothing changed. To believe it: nightjar accept-scan --yes');
    expect(accepted).toMatchObject({ code: 0, out: expect.stringContaining('Believed: lab.') });
    expect(filled(next)).toEqual({ unchanged: 5, delivered: 1, excluded: 1 });
    expect(next).toMatchObject({ outcome: 'done', shares: [{ name: 'lab', looked: true }] });
    expect(await lab.json('explain', 'SEM1/mueller/a/f0.tif')).toMatchObject({ file: { gone: true } });
    expect((await lab.run('accept-scan', '--yes')).out).toContain('nothing changed');
  });

  it('goes on when the next evening sees the same, and not an hour later', async () => {
    await using lab = await usualLab();
    await lab.share.remove('SEM1/mueller/a');
    await lab.share.put({ 'XRD/chen/new/y.raw': 'new' });
    await eveningAfter(lab);

    const hourLater = await eveningAfter(lab, HOUR);
    const nextEvening = await eveningAfter(lab, DAY);

    expect(filled(hourLater)).toMatchObject({ held: 1 });
    expect(filled(nextEvening)).toEqual({ unchanged: 5, delivered: 1, excluded: 1 });
    expect(nextEvening.outcome).toBe('done');
  });

  it('is over by itself when the next walk is as usual again', async () => {
    await using lab = await usualLab();
    await lab.share.remove('SEM1/mueller/a');
    await eveningAfter(lab);
    await lab.share.put({ 'XRD/chen/new/y.raw': 'new', ...files('SEM1/mueller/c', 12, 'other') });

    const back = await eveningAfter(lab, HOUR);

    expect(back).toMatchObject({ outcome: 'done', shares: [{ name: 'lab', looked: true }] });
    expect(filled(back)).toMatchObject({ delivered: 13 });
  });
});

describe('an evening whose share has far more than usual', () => {
  it('is held in the same way: trap 7, files that all look new are not sent again at once', async () => {
    await using lab = await usualLab();
    await lab.share.put({ ...files('SEM2/mueller/copy', 40) });

    const report = await eveningAfter(lab);

    expect(report).toMatchObject({ outcome: 'attention', balanced: true, deliveries: [] });
    expect(filled(report)).toEqual({ unchanged: 16, held: 40, excluded: 1 });
    expect(report.shares[0]?.suspicion).toMatchObject({
      kind: 'surge',
      reason: expect.stringContaining('57 files; usual is 17 files'),
    });
  });
});

describe('an owner who lost everything', () => {
  it('is an alarm though the share as a whole is as usual', async () => {
    await using lab = await usualLab();
    await lab.share.remove('XRD/chen/b');
    await lab.share.put(files('SEM1/mueller/d', 4));

    const report = await eveningAfter(lab);

    expect(report.shares[0]?.suspicion?.reason).toContain('no file of chen, who had 4 files');
  });
});

describe('the first evenings', () => {
  it('are never unusual', async () => {
    await using lab = await startLab(
      { 'SEM1/mueller/a/x': '1' },
      ALARM.replace('evenings: 1', 'evenings: 5'),
    );
    await eveningAfter(lab);
    await lab.share.put(files('SEM1/mueller/b', 60));

    const report = await eveningAfter(lab);

    expect(report.outcome).toBe('done');
    expect(filled(report)).toEqual({ unchanged: 1, delivered: 60, excluded: 1 });
  });
});

describe('accept-scan', () => {
  it('refuses a share that is not configured, and says which ones are', async () => {
    await using lab = await startLab({});

    const said = await lab.run('accept-scan', 'lap');

    expect(said.code).toBe(64);
    expect(said.err).toContain('Did you mean lab?');
  });

  it('answers as JSON what is not believed, and changes nothing without --yes', async () => {
    await using lab = await usualLab();
    await lab.share.remove('SEM1/mueller/a');
    await eveningAfter(lab);

    const previewed = await lab.json('accept-scan');
    const done = await lab.json('accept-scan', '--yes');

    expect(previewed).toMatchObject({
      done: false,
      accepted: [],
      shares: [{ share: 'lab', kind: 'drop', files: 6 }],
    });
    expect(done).toMatchObject({ done: true, accepted: ['lab'] });
  });
});
