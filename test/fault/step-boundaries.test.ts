import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { isFrozen } from '../support/frozen.ts';
import { stopTwice } from '../support/stop-twice.ts';
import type { Strike } from '../support/strike-at-commit.ts';
import { STEP_COMMITS, struckLab } from '../support/struck-evening.ts';
import { untilTrue } from '../support/until.ts';

/**
 * Every step has one commit of its own in the evenings below; `npm run torture:commits` takes all of them, before and after.
 * `before`: what was done at the step is done and not recorded, above all that a parcel is there (`record`). After `queue`,
 * `open` and `close`: what is recorded to come next was not done.
 */
const KILLS = [
  { step: 'look', when: 'before' },
  { step: 'plan', when: 'before' },
  { step: 'queue', when: 'after' },
  { step: 'open', when: 'after' },
  { step: 'send', when: 'before' },
  { step: 'close', when: 'after' },
  { step: 'record', when: 'before' },
] as const;

it('evenings killed at look, plan, queue, open, send, close and record: the next goes on in the same container, and sends nothing twice that had arrived', async () => {
  await using struck = await struckLab('v1.3');
  const ends: unknown[] = [];
  for (const { step, when } of KILLS) {
    await struck.addDataset(`dataset of ${step}`);
    ends.push(await struck.struck({ at: STEP_COMMITS[step], when, signal: 'SIGKILL' }));
  }

  const breaches = await struck.breachesAfterAnEvening();

  expect(ends).toEqual(KILLS.map(() => 'SIGKILL'));
  expect(breaches).toEqual([]);
  expect(struck.nomad.uploads()).toHaveLength(1);
  expect(struck.sent()).toHaveLength(KILLS.length);
});

it('evenings told to stop by SIGTERM at plan, open and close end in order with 143; a second one ends at once; the next goes on', async () => {
  await using struck = await struckLab('v1.4');
  const ends: unknown[] = [];
  // Open first: later evenings find a container, as what was dispatched before the signal is delivered.
  for (const step of ['open', 'plan', 'close'] as const) {
    await struck.addDataset(`dataset of ${step}`);
    ends.push(await struck.struck({ at: STEP_COMMITS[step], when: 'after', signal: 'SIGTERM' }));
    expect(struck.states()).not.toContain('delivering');
  }
  await struck.addDataset('dataset that hangs');
  struck.nomad.fault = ({ method }) => (method === 'PUT' ? { kind: 'stall' } : undefined);
  ends.push(await stopTwice(struck.start([]), struck.nomad, 'once more ends at once'));
  expect(struck.states()).toContain('delivering');
  struck.nomad.fault = undefined;

  const breaches = await struck.breachesAfterAnEvening();

  expect(ends).toEqual([143, 143, 143, 'SIGKILL']);
  expect(breaches).toEqual([]);
  // Who is told to end is not counted as one that a batch has ended.
  expect(struck.history().filter((detail) => detail.includes('in a row'))).toEqual([]);
});

it.each(['frozen', 'blocked'] as const)(
  'an evening %s at look, plan, queue, open and close until the lock of its batch is gone delivers all of it once',
  async (how) => {
    await using struck = await struckLab('v1.4');
    await struck.addDataset('gold');
    await struck.addDataset('silver');
    const steps = ['look', 'plan', 'queue', 'open', 'close'] as const;
    const signal = how === 'frozen' ? 'SIGSTOP' : 'block';
    const run = struck.start(
      steps.map((step): Strike => ({ at: STEP_COMMITS[step], when: 'after', signal })),
    );
    const out = text(run.stdout ?? Readable.from([]));
    const exited = once(run, 'exit');
    const wake = how === 'frozen' ? frozen(run) : blocked(struck.commits);
    let locks = 0;
    for (const step of steps) {
      await untilTrue(wake.isDue, `${how} at ${step}`);
      locks += await removeLocks(join(struck.lab.root, 'state/redis/redis.sock'));
      await wake.up();
    }
    await exited;

    expect(locks).toBeGreaterThan(0);
    expect(await struck.breachesAfter(JSON.parse(await out) as RunReport)).toEqual([]);
  },
);

type Wake = { readonly isDue: () => boolean; readonly up: () => Promise<void> };

function frozen(run: ChildProcess): Wake {
  const isDue = (): boolean => isFrozen(run.pid ?? 0);
  return {
    isDue,
    up: async () => {
      run.kill('SIGCONT');
      await untilTrue(() => !isDue(), 'awake');
    },
  };
}

/** Its event loop stands still, and its threads and children go on. */
function blocked(commits: string): Wake {
  return {
    isDue: () => existsSync(`${commits}.blocked`),
    up: async () => {
      await rm(`${commits}.blocked`);
      await writeFile(`${commits}.go`, '');
    },
  };
}

/** What Redis does by itself to the lock of a worker that is frozen for two minutes; how many there were. */
async function removeLocks(socket: string): Promise<number> {
  const redis = new Redis({ path: socket });
  try {
    const locks = await redis.keys('*:lock');
    return locks.length === 0 ? 0 : await redis.del(...locks);
  } finally {
    redis.disconnect();
  }
}
