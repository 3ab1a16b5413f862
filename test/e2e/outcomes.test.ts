import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { untilTrue } from '../support/until.ts';

/** For root no file is unreadable. */
const isRoot = process.getuid?.() === 0;

const reportOf = async (lab: Lab): Promise<{ code: number | null; report: RunReport }> => {
  const { code, out } = await lab.nightjar('run', '--json');
  return { code, report: JSON.parse(out) as RunReport };
};

describe('trap 20: an evening without result', () => {
  it('that saw no file is empty, also when the marker and litter are all there is', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/mueller/a/Thumbs.db', 'litter');

    const { code, report } = await reportOf(lab);

    expect([code, report.outcome]).toEqual([3, 'empty']);
  });

  it('that found nothing of any owner is ownerless, although it delivered to the collector', async () => {
    await using lab = await startLab();
    await lab.put('SEM1/somebody/a/1', 'one');

    const { code, report } = await reportOf(lab);

    expect([code, report.outcome]).toEqual([3, 'ownerless']);
    expect(report.buckets.delivered.files).toBe(1);
  });

  it('whose mapping names no owner at all is no-owners, in report, exit code and status, and not done', async () => {
    await using lab = await startLab({
      folders: 'rules: [{ match: "TEM/**", exclude: "not ours" }]\ncollector: {}\n',
    });
    await lab.put('SEM1/mueller/a/1', 'one');

    const { code, report } = await reportOf(lab);
    const status = await lab.nightjar('status');

    expect([code, report.outcome]).toEqual([3, 'no-owners']);
    expect(report.buckets.delivered.files).toBe(1);
    expect(status.out).toMatch(/Last run: .*: no-owners/);
  });

  it('that is the first ever and has delivered nothing yet is first, in report, exit code and status, and not done', async () => {
    await using lab = await startLab({ settle: '1h', extra: 'settle_wait: 0s' });
    await lab.put('SEM1/mueller/a/1', 'one');

    const first = await reportOf(lab);
    const status = await lab.nightjar('status');
    const second = await reportOf(lab);

    expect([first.code, first.report.outcome, first.report.firstRun]).toEqual([75, 'first', true]);
    expect(first.report.buckets.notSettled.files).toBe(1);
    expect(status.out).toMatch(/Last run: .*: first/);
    expect([second.code, second.report.outcome, second.report.firstRun]).toEqual([0, 'done', false]);
  });

  it('that was cut says so, and so does its exit code', async () => {
    await using lab = await startLab({ settle: '1h', extra: 'settle_wait: 2h' });
    await lab.put('SEM1/mueller/a/1', 'one');
    const run = lab.start('run');
    let err = '';
    run.stderr?.on('data', (piece: Buffer) => (err += piece.toString()));
    await untilTrue(() => err.includes('waiting until'), 'the wait for files to settle');

    run.kill('SIGTERM');
    await untilTrue(() => run.exitCode !== null, 'the end of the run');

    expect(run.exitCode).toBe(143);
    expect((await lab.nightjar('status')).out).toMatch(/Last run: .*: cut/);
  });
});

it('trap 8: one unreadable file among two thousand is told, and the others are delivered', async () => {
  await using lab = await startLab(isRoot ? { share: 'read_as: { uid: 65534, gid: 65534 }' } : {});
  await chmod(lab.root, 0o755);
  await Promise.all(
    Array.from({ length: 2_000 }, async (_, n) => await lab.put(`SEM1/mueller/run/f${n}`, `${n}`)),
  );
  await chmod(join(lab.share, 'SEM1/mueller/run/f77'), 0o000);

  const { code, report } = await reportOf(lab);

  expect(code).toBe(3);
  expect(report).toMatchObject({
    balanced: true,
    buckets: { delivered: { files: 1999 }, unreadable: { files: 1 } },
  });
  expect(report.notes.find(({ bucket }) => bucket === 'unreadable')?.where).toContain('f77');
});

it('an answer that is larger than a pipe holds arrives whole', async () => {
  const owners = Array.from({ length: 4000 }, (_, at) => `  owner_${at}: { nonsense: true }`).join('\n');
  await using lab = await startLab({
    folders: `rules: [{ match: "{instrument}/{owner}/{dataset}/**" }]\nowners:\n${owners}\ncollector: {}\n`,
  });

  const { out, err } = await lab.nightjar('plan');

  const said = out + err;
  expect(said.length).toBeGreaterThan(200_000);
  expect(said).toContain('owner_3999');
});
