/** Scan of a whole share against find: `node test/bench/scan-bench.ts [files] [rounds]`. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { shareName } from '../../src/core/ids.ts';
import { scanShare } from '../../src/share/scan-share.ts';
import { shareChildren } from '../support/share-children.ts';

export type ScanBench = {
  readonly files: number;
  readonly dirs: number;
  readonly threads: number;
  /** Medians, milliseconds. */
  readonly findMs: number;
  readonly scanMs: number;
  /** scan / find, from the medians of one alternating run. */
  readonly ratio: number;
  /** The same without the start of the processes (a scan of an empty directory), which does not grow with the share. */
  readonly ratioWithoutStart: number;
  readonly startMs: number;
  /** Most resident memory of this process and the scanner together, MiB. */
  readonly peakMib: number;
};

const FILES_A_DIR = 49;

/** Builds a tree of `files` empty files in about a fiftieth as many directories; gives its root. */
export function buildBenchTree(files: number): string {
  const root = mkdtempSync(join(tmpdir(), 'nightjar-bench-'));
  for (let file = 0, dir = ''; file < files; file++) {
    if (file % FILES_A_DIR === 0) {
      const set = file / FILES_A_DIR;
      dir = join(root, `instrument${set % 10}`, `user${set % 50}`, `set_${set}`);
      mkdirSync(dir, { recursive: true });
    }
    closeSync(openSync(`${dir}/image_${String(file).padStart(8, '0')}.tif`, 'wx'));
  }
  return root;
}

/** Measures find and scan in alternation and compares the medians; removes nothing. */
export async function benchScan(root: string, rounds = 5, threads = 2): Promise<ScanBench> {
  const empty = mkdtempSync(join(tmpdir(), 'nightjar-bench-empty-'));
  const [find, scan, start]: [number[], number[], number[]] = [[], [], []];
  let totals = { files: 0, dirs: 0, peakMib: 0 };
  await scanOnce(root, threads);
  for (let round = 0; round < rounds; round++) {
    find.push(timeFind(root));
    const from = performance.now();
    totals = await scanOnce(root, threads);
    scan.push(performance.now() - from);
    const fromEmpty = performance.now();
    await scanOnce(empty, threads);
    start.push(performance.now() - fromEmpty);
  }
  const { peakMib } = await scanOnce(root, threads, true);
  rmSync(empty, { recursive: true });
  const [findMs, scanMs, startMs] = [median(find), median(scan), median(start)];
  const ratios = { ratio: scanMs / findMs, ratioWithoutStart: (scanMs - startMs) / findMs };
  return { files: totals.files, dirs: totals.dirs, threads, findMs, scanMs, startMs, ...ratios, peakMib };
}

function timeFind(root: string): number {
  const from = performance.now();
  const { status } = spawnSync('find', [root, '-printf', '%p %s %T@\\n'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('find failed');
  return performance.now() - from;
}

async function scanOnce(
  root: string,
  threads: number,
  watched = false,
): Promise<{ files: number; dirs: number; peakMib: number }> {
  const { signal } = new AbortController();
  const target = { name: shareName('bench'), root };
  const scan = scanShare(target, { stallMs: 60_000, signal, clock: systemClock, threads });
  let peakKib = 0;
  const watch = watched ? setInterval(() => (peakKib = Math.max(peakKib, residentKib())), 10) : undefined;
  let files = 0;
  for await (const looks of scan.looks) for (const look of looks) files += look.files;
  clearInterval(watch);
  const totals = scan.totals();
  if (totals.files !== files) throw new Error(`counted ${totals.files}, got ${files}`);
  return { files, dirs: totals.dirs, peakMib: peakKib / 1024 };
}

function residentKib(): number {
  return [process.pid, ...shareChildren('scan-child')].reduce((sum, pid) => sum + rssKib(pid), 0);
}

function rssKib(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

if (import.meta.main) {
  const [files = 100_000, rounds = 5] = process.argv.slice(2).map(Number);
  const root = buildBenchTree(files);
  try {
    console.log(JSON.stringify(await benchScan(root, rounds), (_, value: unknown) => rounded(value), 2));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function rounded(value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 100) / 100 : value;
}
