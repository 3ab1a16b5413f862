import { readdirSync, readFileSync } from 'node:fs';
import { systemClock } from '../../src/core/clock.ts';

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

/** Waits for a condition, at most 20 s; a condition that never comes true is an error. */
export async function until<T>(find: () => T | undefined | false): Promise<T> {
  const deadline = systemClock.monotonic() + 20_000;
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    if (systemClock.monotonic() > deadline) throw new Error(`never came true: ${find.toString()}`);
    await systemClock.sleep(2);
  }
}
