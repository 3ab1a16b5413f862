import { once } from 'node:events';
import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { backupLedger } from '../../src/ledger/ledger-file.ts';
import { openLedger } from '../../src/ledger/open-ledger.ts';
import { canDamage, damageLedger, ledgerBytes } from '../support/damage-ledger.ts';
import { isFrozen } from '../support/frozen.ts';
import { startLab } from '../support/lab.ts';
import { STEP_COMMITS, type StruckLab, struckLab } from '../support/struck-evening.ts';
import { untilTrue } from '../support/until.ts';

/** `open` has an evening of its own before: these find its container. */
const LATER = ['plan', 'queue', 'send', 'close', 'record'] as const;

it('a ledger that is damaged at plan, queue, open, send, close or record ends the evening with LEDGER_CORRUPT and is not written to; with its backup in place everything goes, once', async () => {
  await using struck = await struckLab('v1.3');
  const stateDir = join(struck.lab.root, 'state');
  const backups = ['empty.db', 'later.db'].map((name) => join(struck.lab.root, name)) as [string, string];
  openLedger(stateDir).close();
  backupLedger(stateDir, backups[0]);
  await struck.addDataset('dataset of open');
  const ends = [await damagedAt(struck, 'open', backups[0])];
  expect(await struck.breachesAfterAnEvening()).toEqual([]);
  expect(await struck.lab.nightjar('ledger', 'backup', backups[1])).toMatchObject({ code: 0 });

  for (const step of LATER) {
    await struck.addDataset(`dataset of ${step}`);
    ends.push(await damagedAt(struck, step, backups[1]));
  }
  const breaches = await struck.breachesAfterAnEvening();

  expect(ends.map(({ code, isWritten, report }) => ({ code, isWritten, report }))).toEqual(
    ends.map(() => ({ code: 78, isWritten: false, report: '' })),
  );
  for (const { said } of ends)
    expect(JSON.parse(said)).toMatchObject({
      error: { code: 'LEDGER_CORRUPT', hint: expect.stringContaining('put the newest backup') as string },
    });
  expect(breaches).toEqual([]);
  // Damaged at `open`, its container was made and is in no backup: it is left over, and empty.
  expect(struck.nomad.uploads().map(({ completeTime }) => completeTime !== null)).toEqual([false, true]);
  // At `close` and `record` there was a parcel on the platform that no backup knows of.
  const sentAt = new Map(['open', ...LATER].map((step, at) => [step, ends[at]?.sent]));
  expect(Object.fromEntries(sentAt)).toMatchObject({ open: 0, plan: 0, queue: 0, close: 1, record: 1 });
});

it('a daemon whose ledger is damaged ends with LEDGER_CORRUPT, and the next start is refused', async () => {
  await using lab = await startLab();
  const stateDir = join(lab.root, 'state');
  const daemon = lab.start('serve');
  let log = '';
  daemon.stdout?.on('data', (piece: Buffer) => {
    log += piece.toString();
  });
  const said = text(daemon.stderr ?? Readable.from([]));
  const exited = once(daemon, 'exit');
  await untilTrue(() => log.includes('serve.started'), 'the daemon has started');

  await untilTrue(() => canDamage(stateDir), 'nobody writes to the ledger');

  expect(await exited).toEqual([78, null]);
  expect(await said).toContain('LEDGER_CORRUPT');
  const again = await lab.nightjar('serve');
  expect(again).toMatchObject({ code: 78, err: expect.stringContaining('LEDGER_CORRUPT') as string });
});

type End = {
  readonly code: unknown;
  readonly isWritten: boolean;
  readonly report: string;
  readonly said: string;
  /** Parcels that arrived in it. */
  readonly sent: number;
};

/** An evening whose ledger is damaged at a commit of this step, and then the backup put in place as docs/operations.md says. */
async function damagedAt(struck: StruckLab, step: keyof typeof STEP_COMMITS, backup: string): Promise<End> {
  const stateDir = join(struck.lab.root, 'state');
  const before = struck.sent().length;
  const run = struck.start([{ at: STEP_COMMITS[step], when: 'after', signal: 'SIGSTOP' }]);
  const outputs = [run.stdout, run.stderr].map((stream) => text(stream ?? Readable.from([])));
  const exited = once(run, 'exit');
  await untilTrue(() => isFrozen(run.pid ?? 0), `frozen at ${step}`);
  damageLedger(stateDir);
  const damaged = ledgerBytes(stateDir);
  run.kill('SIGCONT');
  const [code] = (await exited) as [number | null];
  const isWritten = ledgerBytes(stateDir) !== damaged;
  const [report = '', said = ''] = await Promise.all(outputs);
  for (const name of ['ledger.db', 'ledger.db-wal', 'ledger.db-shm'].filter((one) =>
    existsSync(join(stateDir, one)),
  ))
    renameSync(join(stateDir, name), join(struck.lab.root, name));
  copyFileSync(backup, join(stateDir, 'ledger.db'));
  return { code, isWritten, report, said, sent: struck.sent().length - before };
}
