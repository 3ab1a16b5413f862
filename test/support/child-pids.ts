import { readdirSync, readFileSync } from 'node:fs';

/** Processes that this process (or the given one) has started and that still live; zombies do not count. */
export function childPids(parent: number = process.pid): number[] {
  const threads = readdirSync(`/proc/${parent}/task`);
  return threads
    .flatMap((thread) => readFileSync(`/proc/${parent}/task/${thread}/children`, 'utf8').trim().split(' '))
    .filter((pid) => pid !== '' && isAlive(Number(pid)))
    .map(Number);
}

/** True while the process runs, sleeps or is stopped. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
