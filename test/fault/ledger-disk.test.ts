import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { isFrozen } from '../support/frozen.ts';
import { failCall, noStrace } from '../support/strace.ts';
import { STEP_COMMITS, type StruckLab, struckLab } from '../support/struck-evening.ts';
import { untilTrue } from '../support/until.ts';

/** Whose account a new container is in: after its making, before anything of it is kept. */
const OPENED = 'INTO token_account';

type Ended = { readonly code: unknown; readonly out: string; readonly err: string };

it.skipIf(noStrace !== undefined)(
  'a disk that fails to keep what the ledger records at look, plan, queue, open, send, close and record (EIO) never counts as a yes: the run ends with 75, or the batch goes again by itself, and is sent once',
  async () => {
    await using struck = await struckLab('v1.3');
    await struck.addDataset('gold');

    const early = [
      await eveningWithoutDisk(struck, [STEP_COMMITS.look]),
      await eveningWithoutDisk(struck, [STEP_COMMITS.plan]),
    ];
    const { queue, send, close, record } = STEP_COMMITS;
    const evening = await eveningWithoutDisk(struck, [queue, OPENED, send, close, record]);

    for (const { code, out, err } of early) {
      expect({ code, out }).toEqual({ code: 75, out: '' });
      expect(JSON.parse(err)).toMatchObject({
        error: { code: 'LEDGER_UNAVAILABLE', hint: expect.stringContaining('disk') as string },
      });
    }
    expect(evening.code).toBe(0);
    expect(await struck.breachesAfter(JSON.parse(evening.out) as RunReport)).toEqual([]);
    expect(struck.sent()).toHaveLength(1);
    expect(struck.nomad.uploads()).toHaveLength(2);
    expect(struck.history()).toContainEqual(expect.stringContaining('perhaps an empty container'));
  },
);

/** An evening in which the ledger's disk fails once at each of these steps, when it is told to keep what was written. */
async function eveningWithoutDisk(struck: StruckLab, steps: readonly string[]): Promise<Ended> {
  const strikes = steps.map((at) => ({ at, when: 'before', signal: 'SIGSTOP' }) as const);
  const run = struck.start(strikes);
  const [out, err] = [run.stdout, run.stderr].map((stream) => text(stream ?? Readable.from([])));
  const ended = once(run, 'exit');
  const pid = run.pid ?? 0;
  const path = join(struck.lab.root, 'state/ledger.db-wal');
  for (const [no, step] of steps.entries()) {
    await untilTrue(() => isFrozen(pid), `frozen at ${step}`);
    const log = join(struck.lab.root, `strace-${no}`);
    const failed = await failCall(pid, { calls: 'fsync,fdatasync', error: 'EIO', when: '1', path }, log);
    run.kill('SIGCONT');
    await failed();
  }
  const [code] = (await ended) as [number | null];
  return { code, out: (await out) ?? '', err: (await err) ?? '' };
}
