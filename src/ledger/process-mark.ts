import { readFileSync } from 'node:fs';

/** This process, told apart from a later one with the same number; undefined where /proc is not to be read. */
export function ownMark(): string | undefined {
  return markOf(process.pid);
}

/** True when the process of that mark has ended, or never was on this host. */
export function isGone(mark: string): boolean {
  return ownMark() !== undefined && markOf(Number(mark.split(' ', 1)[0])) !== mark;
}

/** Its number and when it began (proc_pid_stat(5), field 22); a process that only waits to be reaped has ended. */
function markOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything, so fields are counted from the last one: state is the third.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
}
