import { readFileSync } from 'node:fs';

/** Whether a signal has stopped the process (proc_pid_stat(5): state T). */
export function isFrozen(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
}
