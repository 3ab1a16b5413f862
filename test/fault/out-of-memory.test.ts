import { once } from 'node:events';
import { expect, it } from 'vitest';
import { isFrozen } from '../support/frozen.ts';
import { smallMemory } from '../support/small-memory.ts';
import { STEP_COMMITS, struckLab } from '../support/struck-evening.ts';
import { untilTrue } from '../support/until.ts';

it('an evening that the kernel ends for want of memory while it sends is gone on with by the next one, and each file is there once', async (context) => {
  await using memory = smallMemory();
  if (memory === undefined) {
    const why = 'a real out-of-memory kill needs a memory cgroup that may be written (as root)';
    console.log(`left out: ${why}`);
    return context.skip(why);
  }
  await using struck = await struckLab('v1.3');
  await struck.addDataset('gold');
  const run = struck.start([{ at: STEP_COMMITS.send, when: 'after', signal: 'SIGSTOP' }]);
  run.stdout?.resume();
  run.stderr?.resume();
  const ended = once(run, 'exit');
  await untilTrue(() => isFrozen(run.pid ?? 0), 'frozen at send');

  memory.put(run.pid ?? 0);
  run.kill('SIGCONT');
  const [, signal] = (await ended) as [number | null, string | null];

  expect(signal).toBe('SIGKILL');
  expect(memory.killed()).toBeGreaterThan(0);
  expect(await struck.breachesAfterAnEvening()).toEqual([]);
});
