import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { childPids, isAlive } from '../support/child-pids.ts';
import { LAUNCHER, type Lab, startLab } from '../support/lab.ts';
import { untilTrue } from '../support/until.ts';

const MORE = 'log: { level: debug }\nschedule: { evening: "04:00" }';
const watchedLab = (share = 'watch_pause: 1s'): Promise<Lab> => startLab({ extra: MORE, share });

type Status = { readonly watches: readonly { readonly state: string; readonly code?: string }[] };

const status = async (lab: Lab): Promise<Status['watches']> =>
  (JSON.parse((await lab.nightjar('status', '--json')).out) as Status).watches;

/** The process that listens, among all below the daemon. */
function listener(pid: number | undefined): number | undefined {
  const below = childPids(pid).flatMap((child) => [child, ...childPids(child)]);
  return below.find((child) => readFileSync(`/proc/${child}/cmdline`, 'latin1').includes('watch-child'));
}

/** Directories with an early look, asked of the ledger itself. */
function earlyLooks(lab: Lab): number {
  using db = new DatabaseSync(join(lab.root, 'state', 'ledger.db'), { readOnly: true });
  return Number(db.prepare('SELECT count(*) AS n FROM early_look').get()?.['n']);
}

describe('the daemon between evenings', () => {
  it('looks early at what is written, says that it listens, and ends its listener with itself', async () => {
    await using lab = await watchedLab();
    await lab.put('SEM1/mueller/a/1', 'one');
    const serve = lab.start('serve');
    await untilTrue(async () => (await status(lab))[0]?.state === 'watching', 'the share is watched');
    const pid = listener(serve.pid);

    await lab.put('SEM1/mueller/a/2', 'two');
    await untilTrue(() => earlyLooks(lab) === 1, 'the early look');
    const text = (await lab.nightjar('status')).out;
    serve.kill('SIGTERM');
    const [code] = (await once(serve, 'exit')) as [number];

    expect(text).toContain('lab: watching 4 directories');
    expect(code).toBe(0);
    expect(pid).toBeGreaterThan(0);
    await untilTrue(() => !isAlive(pid ?? 0), 'the end of the listener');
    expect(await status(lab)).toEqual([]);
    expect((await lab.evening()).buckets.delivered.files).toBe(2);
    expect(earlyLooks(lab)).toBe(0);
  });

  it('killed with -9 leaves no listener behind', async () => {
    await using lab = await watchedLab();
    const serve = lab.start('serve');
    await untilTrue(async () => (await status(lab))[0]?.state === 'watching', 'the share is watched');
    const pid = listener(serve.pid);

    serve.kill('SIGKILL');

    expect(pid).toBeGreaterThan(0);
    await untilTrue(() => !isAlive(pid ?? 0), 'the end of the listener');
  });

  it('does not listen where the configuration says so', async () => {
    await using lab = await watchedLab('watch: off');
    const serve = lab.start('serve');
    await untilTrue(async () => (await status(lab))[0]?.state === 'off', 'the state of the share');

    expect(listener(serve.pid)).toBeUndefined();
    expect((await lab.nightjar('status')).out).toContain('lab: not watching: the configuration says so');
  });

  // A limit of our own, without touching that of the machine: a user namespace counts its watches itself.
  const mayLimit = spawnSync('unshare', ['-Ur', 'true']).status === 0;
  it.skipIf(!mayLimit)('out of watches says so once, with a code and what helps, and goes on', async () => {
    await using lab = await watchedLab();
    for (let n = 0; n < 20; n++) await lab.put(`SEM1/mueller/run${n}/1`, 'one');
    const script = 'echo 5 > /proc/sys/user/max_inotify_watches && exec "$0" serve';
    const serve = lab.startProgram('unshare', '-Ur', 'sh', '-c', script, LAUNCHER);
    let log = '';
    serve.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      log += piece;
    });
    await untilTrue(() => log.includes('"watch.failed"'), 'the failure in the log');

    const said = (await lab.nightjar('status')).out;
    execFileSync('kill', ['-TERM', String(serve.pid)]);
    const [code] = (await once(serve, 'exit')) as [number];

    expect(said).toMatch(/lab: not watching: .*ENOSPC.*\(WATCH_LIMIT\)\n.*fs\.inotify\.max_user_watches/);
    expect(log.match(/"watch\.failed"/g)).toHaveLength(1);
    expect(log).toContain('WATCH_LIMIT');
    expect(code).toBe(0);
    expect((await lab.evening()).buckets.delivered.files).toBe(20);
  });
});
