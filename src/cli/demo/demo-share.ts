import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../core/clock.ts';

/** What lies on the demo's share before the evening begins. Made once; a second evening finds it as it was left. */
export function buildDemoShare(root: string, now: number): void {
  if (existsSync(join(root, '.nightjar-share'))) return;
  for (const [path, bytes] of FINISHED) put(root, path, bytes);
  // A guest whom no rule knows, a folder that two rules claim for different people, the service engineer's files.
  put(root, 'TEM/visitor_2026/overview.tif', 48_000);
  put(root, 'Raman/mueller_schmidt_mixed/map.spc', 12_000);
  put(root, 'TEM/service/alignment.log', 2_000);
  // What is never taken, and what cannot be.
  put(root, 'SEM1/schmidt/steel_fracture/.DS_Store', 6_148);
  symlinkSync('/etc/hostname', join(root, 'SEM1/schmidt/steel_fracture/link-to-elsewhere'));
  writeFileSync(
    Buffer.concat([
      Buffer.from(join(root, 'SEM1/garcia/pollen/K')),
      Buffer.from([0xf6]),
      Buffer.from('rner.tif'),
    ]),
    content('latin-1', 9_000),
  );
  const locked = put(root, 'SEM1/garcia/pollen/locked_by_instrument.dat', 30_000);
  chmodSync(locked, 0o000);
  // Last, as a person would on a real share: the proof that this is the share and not an empty mount point.
  writeFileSync(join(root, '.nightjar-share'), `made ${new Date(now).toISOString()}\n`);
}

const FINISHED: readonly (readonly [string, number])[] = [
  ...Array.from(
    { length: 12 },
    (_, n) =>
      [`SEM1/mueller/gold_particles/frame_${String(n + 1).padStart(3, '0')}.tif`, 64_000 + n] as const,
  ),
  ['SEM1/mueller/gold_particles/notes äöü.txt', 400],
  ['SEM1/mueller/gold_particles/empty_channel.tif', 0],
  ...Array.from(
    { length: 5 },
    (_, n) => [`SEM1/schmidt/steel_fracture/detail_${n + 1}.tif`, 120_000 + n] as const,
  ),
  ['SEM1/garcia/pollen/grain_1.tif', 80_000],
  ['XRD/garcia_20261118_quartz/scan.raw', 250_000],
  ['XRD/garcia_20261118_quartz/scan.txt', 4_000],
];

export type DemoInstruments = {
  /** Resolves when the folder is copied in. */
  readonly copied: Promise<void>;
  readonly stop: () => Promise<void>;
};

/**
 * Instruments that write while the evening runs: one stack that grows until it is stopped, and one folder that is
 * copied in file by file with its old modification times, done before the settle window is over.
 */
export function startInstruments(root: string, evening: number, clock: Clock): DemoInstruments {
  const stop = new AbortController();
  const stack = join(root, `SEM1/schmidt/live_stack_${evening}/stack.tif`);
  const growing = (async () => {
    mkdirSync(dirname(stack), { recursive: true });
    for (let frame = 0; !stop.signal.aborted; frame++) {
      appendFileSync(stack, content(`frame ${frame}`, 40_000));
      await clock.sleep(250, stop.signal).catch(() => undefined);
    }
  })();
  const copying = (async () => {
    const old = clock.now() / 1000 - 30 * 24 * 3600;
    for (let n = 1; n <= 6 && !stop.signal.aborted; n++) {
      const file = put(root, `TEM/mueller/copied_session_${evening}/slice_${n}.mrc`, 150_000);
      utimesSync(file, old, old);
      await clock.sleep(200, stop.signal).catch(() => undefined);
    }
  })();
  return {
    copied: copying,
    stop: async () => {
      stop.abort();
      await Promise.all([growing, copying]);
    },
  };
}

function put(root: string, path: string, bytes: number): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content(path, bytes));
  return file;
}

/** Bytes that differ from file to file and are the same at every run. */
function content(seed: string, bytes: number): Buffer {
  return bytes === 0 ? Buffer.alloc(0) : Buffer.alloc(bytes, `${seed}\n`);
}
