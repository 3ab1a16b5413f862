import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeInstanceLock } from '../../src/ledger/instance-lock.ts';
import { cliLab } from '../support/cli-lab.ts';
import { SHARE } from '../support/ledger-fixture.ts';
import { seedLedger } from '../support/seed-ledger.ts';

async function seeded() {
  const lab = await cliLab();
  const ids = lab.inLedger((ledger) =>
    seedLedger(ledger, [
      { dir: 'SEM1/mueller/done', to: 'verified' },
      { dir: 'SEM1/mueller/held', to: 'held' },
      { dir: 'SEM1/chen/run', to: 'planned', owner: 'chen', names: ['K\udcf6rner.tif'] },
    ]).map(({ id }) => id),
  );
  return { lab, ids };
}

describe('nightjar explain', () => {
  it('tells owner, state, batch, history and evidence of a delivered file', async () => {
    const { lab, ids } = await seeded();
    await using _ = lab;

    const absolute = await lab.json('explain', join(lab.share.root, 'SEM1/mueller/done/a.tif'));
    const text = (await lab.run('explain', 'lab:SEM1/mueller/done/a.tif')).out;

    expect(absolute).toMatchObject({
      ...{ share: 'lab', path: 'SEM1/mueller/done/a.tif', kind: 'file' },
      trace: { winner: 'rule 4' },
      assignment: { kind: 'owned', owner: 'mueller', dataset: 'SEM1/mueller/done', destination: 'archive' },
      file: { state: 'verified', batch: { batch: ids[0], receipt: { location: '/srv/archive' } } },
      tonight: expect.stringContaining('delivered'),
    });
    expect(text).toContain('/srv/archive');
    expect(text).toContain('delivery.verified');
    expect(text.split('each was read back')).toHaveLength(2);
    expect(text).toContain("part 1, 'SEM1', is not 'TEM'");
  });

  it('tells what helps a held one', async () => {
    const { lab } = await seeded();
    await using _ = lab;

    expect(await lab.json('explain', 'SEM1/mueller/held/a.tif')).toMatchObject({
      file: { state: 'held', batch: { error: { code: 'TOKEN_REJECTED', hint: 'Mend it.' } } },
    });
  });

  it('says whose a path would be that no look has seen', async () => {
    await using lab = await cliLab();

    expect(await lab.json('explain', 'SEM1/chen/new/x.tif')).toMatchObject({
      ...{ kind: 'never-seen', lookedAt: null, file: null },
      assignment: { owner: 'chen' },
      tonight: expect.stringContaining('first look'),
    });
    expect(await lab.json('explain', 'Raman/mueller_chen/x')).toMatchObject({
      assignment: { kind: 'held' },
      tonight: expect.stringContaining('held for a person'),
    });
  });

  it('sums up a directory', async () => {
    const { lab } = await seeded();
    await using _ = lab;

    expect(await lab.json('explain', 'SEM1/mueller')).toMatchObject({
      kind: 'directory',
      assignment: { owner: 'mueller' },
      buckets: { held: { files: 2 }, unchanged: { files: 0 }, delivered: { files: 2 } },
    });
    expect((await lab.run('explain', '.')).out).toContain('by owner: chen, mueller');
  });

  it('takes a name outside UTF-8 as it shows it', async () => {
    const { lab } = await seeded();
    await using _ = lab;

    const answer = await lab.json('explain', String.raw`SEM1/chen/run/K\xf6rner.tif`);

    expect(answer).toMatchObject({ kind: 'file', path: String.raw`SEM1/chen/run/K\xf6rner.tif` });
  });

  it('refuses a path on no share', async () => {
    await using lab = await cliLab();

    expect(await lab.run('explain', '/elsewhere/a')).toMatchObject({ code: 64 });
  });
});

describe('nightjar why', () => {
  it('groups by cause, with what helps, what needs a person first', async () => {
    const { lab } = await seeded();
    await using _ = lab;

    const { out, code } = await lab.run('why');

    expect(code).toBe(0);
    expect(out).toMatch(/^held: lab:SEM1\/mueller\/held \(mueller\), 2 files/);
    // The lane is asked about again by the daemon: there is nothing to put back.
    expect(out).toContain('Mend it. It goes on by itself then.');
    expect(out).not.toContain('SEM1/mueller/done');
  });

  it('narrows by path, owner and instrument', async () => {
    const { lab } = await seeded();
    await using _ = lab;

    expect(await lab.json('why', '--owner', 'chen')).toMatchObject({ causes: [{ owner: 'chen' }] });
    expect(await lab.json('why', 'SEM1/mueller/done')).toMatchObject({ causes: [] });
    expect(await lab.json('why', '--instrument', 'TEM')).toMatchObject({ causes: [] });
    expect((await lab.run('why', 'SEM1/mueller/done')).out).toContain('is delivered');
    expect(await lab.run('why', '--owner', 'che')).toMatchObject({ code: 64 });
  });
});

describe('nightjar why, after a run that could not look at the share', () => {
  it('says so, and what to do', async () => {
    await using lab = await cliLab({ 'SEM1/mueller/run/a.tif': 'a' }, { marker: false });
    const problem = { code: 'SHARE_NOT_PROVEN', message: 'the marker is missing', hint: 'touch it' };
    lab.inLedger(({ runs, scans }) => {
      scans.fail(SHARE, runs.start(1000, undefined).no, 2000, { ...problem, message: 'it hangs' });
      scans.fail(SHARE, runs.start(3000, undefined).no, 4000, problem);
    });

    const { out } = await lab.run('why');

    expect(out).toContain('OFFLINE since 1970-01-01');
    expect(out).toContain(': the marker is missing (SHARE_NOT_PROVEN)');
    expect(out).toContain('touch it');
    expect(await lab.json('why')).toMatchObject({ looks: [{ problem, offlineSince: 2000 }] });
    expect((await lab.run('status')).out).toContain('OFFLINE since 1970-01-01');
  });
});

describe('nightjar status', () => {
  it('tells who runs, the last run, the batches by state and the pauses', async () => {
    const { lab } = await seeded();
    await using _ = lab;
    const lock = takeInstanceLock(lab.stateDir, 'nightjar serve (pid 4711)');

    const running = await lab.json('status');
    lock.release();
    const idle = await lab.json('status');

    expect(running).toMatchObject({
      runningAs: 'nightjar serve (pid 4711)',
      lastRun: { outcome: 'attention' },
      batches: { verified: { batches: 1, files: 2, bytes: 2000 }, held: { batches: 1 } },
      pauses: [],
      inFlight: [],
    });
    expect(idle).toMatchObject({ runningAs: null });
  });

  it('makes no state directory', async () => {
    await using lab = await cliLab();

    const { out } = await lab.run('status');

    expect(out).toContain('Last run: none yet.');
    expect(await lab.json('check')).toMatchObject({ ok: true });
  });
});
