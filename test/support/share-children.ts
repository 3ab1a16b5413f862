import { readdirSync, readFileSync } from 'node:fs';
import { systemClock } from '../../src/core/clock.ts';
import { waitingTimeMs } from './current-test.ts';

/** Pids of our own children that run the given module ("scan-child"), stopped ones and zombies included. */
export function shareChildren(module: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[1];
        return (
          Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(module)
        );
      } catch {
        return false;
      }
    });
}

/** Waits for what is found to be something; what never is, is an error shortly before the test's own time is over. */
export async function until<T>(find: () => T | undefined | false): Promise<T> {
  const deadline = systemClock.monotonic() + waitingTimeMs();
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    if (systemClock.monotonic() > deadline) throw new Error(`never came true: ${find.toString()}`);
    await systemClock.sleep(2);
  }
}
