import { readFileSync } from 'node:fs';

/** Whether a signal has stopped the process (proc_pid_stat(5): state T). */
export function isFrozen(pid: number): boolean {
  const stat = ofProcess(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}

/** What /proc tells of a process that the test still needs. */
export function ofProcess(pid: number, what: 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1');
  } catch (cause) {
    throw new Error(`process ${pid} has ended too early: what it said tells why`, { cause });
  }
}
