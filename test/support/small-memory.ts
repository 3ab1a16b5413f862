import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilTrue } from './until.ts';

/** A group of processes that gets no memory more: who is put in is killed by the kernel when it asks for some. */
export type SmallMemory = AsyncDisposable & {
  readonly put: (pid: number) => void;
  /** How many the kernel has killed there for want of memory. */
  readonly killed: () => number;
};

/** What a process has already does not count, and Node needs more than this for anything it does next. */
const BYTES = 64 * 1024;

/** A cgroup below our own, of the first or second kind (cgroups(7)). Undefined where none can be made. */
export function smallMemory(): SmallMemory | undefined {
  const groups = readFileSync('/proc/self/cgroup', 'latin1').split('\n');
  const below = (start: RegExp): string | undefined =>
    groups.find((line) => start.test(line))?.replace(start, '');
  return (
    make('/sys/fs/cgroup/memory', below(/^\d+:memory:/), {
      limit: 'memory.limit_in_bytes',
      told: 'memory.oom_control',
    }) ?? make('/sys/fs/cgroup', below(/^0::/), { limit: 'memory.max', told: 'memory.events' })
  );
}

function make(
  mounted: string,
  own: string | undefined,
  { limit, told }: { readonly limit: string; readonly told: string },
): SmallMemory | undefined {
  if (own === undefined) return undefined;
  const dir = join(mounted, own, `nightjar-test-${process.pid}`);
  try {
    mkdirSync(dir);
  } catch {
    return undefined;
  }
  try {
    writeFileSync(join(dir, limit), `${BYTES}`);
  } catch {
    rmdirSync(dir);
    return undefined;
  }
  return {
    put: (pid) => writeFileSync(join(dir, 'cgroup.procs'), `${pid}`),
    killed: () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(dir, told), 'latin1'))?.[1] ?? 0),
    [Symbol.asyncDispose]: async () => {
      await untilTrue(() => readFileSync(join(dir, 'cgroup.procs'), 'latin1') === '', 'nobody is left there');
      rmdirSync(dir);
    },
  };
}
