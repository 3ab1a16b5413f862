/** Timing for the benches: every way in every round, one after another, so that a slow moment hits all alike. */
import { readFileSync } from 'node:fs';

export type Way = () => Promise<void>;

/** Medians in seconds by the ways' names. With `warm` one more round before fills the page cache and does not count. */
export async function alternate<Name extends string>(
  ways: Readonly<Record<Name, Way>>,
  { rounds, warm = true }: { readonly rounds: number; readonly warm?: boolean },
): Promise<Record<Name, number>> {
  const names = Object.keys(ways) as Name[];
  const taken = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = warm ? 0 : 1; round <= rounds; round++) {
    for (const name of names) {
      const seconds = await timed(ways[name]);
      if (round > 0) taken.get(name)?.push(seconds);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(taken.get(name) ?? [])])) as Record<
    Name,
    number
  >;
}

/** Seconds that the work took. */
export async function timed(work: Way): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Most memory while the work runs, MiB: PSS of the processes that `pids` names then, added up, ten times a second. */
export async function peakMemory(pids: () => readonly number[], work: Way): Promise<number> {
  let peak = 0;
  const look = (): void => {
    peak = Math.max(
      peak,
      pids().reduce((sum, pid) => sum + pssMib(pid), 0),
    );
  };
  const timer = setInterval(look, 100);
  try {
    await work();
    look();
  } finally {
    clearInterval(timer);
  }
  return Math.round(peak);
}

/** A process and all below it, but for `without` and what is below that. */
export function processTree(pid: number, without: readonly number[] = []): number[] {
  return [
    pid,
    ...childrenOf(pid).flatMap((child) => (without.includes(child) ? [] : processTree(child, without))),
  ];
}

function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** Proportional set size: a page that several processes share counts once, not once each (proc(5), smaps_rollup). */
function pssMib(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
}

/** A process may end while it is looked at: then it has no memory. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
