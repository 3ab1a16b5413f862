import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { shareName } from '../../src/core/ids.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { startLab } from '../support/lab.ts';
import { failCall, noStrace } from '../support/strace.ts';
import { untilTrue } from '../support/until.ts';

it.skipIf(noStrace !== undefined)(
  'a daemon between evenings whose ledger cannot be read for a while (ENOMEM) says so once, says when it is over, and goes on',
  async () => {
    await using lab = await startLab();
    const daemon = follow(lab.start('serve'));
    await untilTrue(() => daemon.said('evening.next') > 0, 'the daemon waits for its evening');
    const fails = { calls: 'pread64', error: 'ENOMEM', when: '1+' };

    const mended = await failCall(daemon.pid, fails, join(lab.root, 'strace'));
    // What another process writes must be read from the disk.
    writeSomething(join(lab.root, 'state'));
    await untilTrue(() => daemon.said('ledger.away') > 0 || daemon.hasEnded(), 'the daemon has noticed');
    await mended();
    await untilTrue(() => daemon.said('ledger.back') > 0 || daemon.hasEnded(), 'the ledger is back');

    expect(await daemon.stopped()).toEqual([0, null]);
    expect({ away: daemon.said('ledger.away'), back: daemon.said('ledger.back') }).toEqual({
      away: 1,
      back: 1,
    });
    expect(daemon.said('LEDGER_UNAVAILABLE')).toBeGreaterThan(0);
  },
);

function follow(daemon: ChildProcess) {
  let log = '';
  daemon.stdout?.on('data', (piece: Buffer) => {
    log += piece.toString();
  });
  daemon.stderr?.resume();
  const exited = once(daemon, 'exit');
  return {
    pid: daemon.pid ?? 0,
    said: (event: string): number => log.split(`"${event}"`).length - 1,
    hasEnded: (): boolean => daemon.exitCode !== null,
    stopped: async (): Promise<unknown> => {
      daemon.kill('SIGTERM');
      return await exited;
    },
  };
}

function writeSomething(stateDir: string): void {
  const ledger = openLedger(stateDir);
  ledger.watches.save({ share: shareName('lab'), holder: 'test', at: 0, state: 'off' });
  ledger.close();
}

it('a daemon that cannot look at its folders.yaml for a while (ELOOP) says so, goes on with the one in force, and takes the file up again', async () => {
  await using lab = await startLab();
  const file = join(lab.root, 'folders.yaml');
  const mapping = readFileSync(file);
  const daemon = follow(lab.start('serve'));
  await untilTrue(() => daemon.said('evening.next') > 0, 'the daemon waits for its evening');

  rmSync(file);
  symlinkSync(file, file);
  await untilTrue(() => daemon.said('mapping.refused') > 0 || daemon.hasEnded(), 'the daemon has noticed');
  rmSync(file);
  writeFileSync(file, mapping);
  await untilTrue(() => daemon.said('mapping.in-force') > 0 || daemon.hasEnded(), 'the file is back');

  expect(await daemon.stopped()).toEqual([0, null]);
  expect(daemon.said('mapping.refused')).toBe(1);
});
