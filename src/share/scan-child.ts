/**
 * The process that touches the share, so that a hung mount freezes it and not the daemon. Forked by scan-share.ts
 * with one pipe for each thread from fd 3 on; the request comes as the one message.
 */
import { flushCompileCache } from 'node:module';
import { MessageChannel, Worker } from 'node:worker_threads';
import { systemClock } from '../core/clock.ts';
import { carryNames, type NameLine } from './account-names.ts';
import { becomeReader, type Reader } from './become-reader.ts';
import { faultOf, frameWriter, writeFault } from './frames.ts';
import type { WorkerTask } from './scan-worker.ts';
import { createWorkPool } from './work-pool.ts';

export type ScanRequest = {
  readonly root: string;
  readonly threads: number;
  readonly readAs: Reader | undefined;
  /** Entries carry uid and gid. */
  readonly withIds: boolean;
  /** Binary strings; undefined = the whole share. */
  readonly dirs: readonly string[] | undefined;
};

/** The first pipe: 0–2 are the standard ones, the channel to the parent comes after the last pipe. */
const FIRST_PIPE = 3;

// Without its parent nobody reads: end at once, also when a thread is stuck in a call.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (request) => start(request as ScanRequest));

function start({ root, threads, readAs, dirs, withIds }: ScanRequest): void {
  flushCompileCache();
  const pool = createWorkPool(threads);
  const next = new Int32Array(new SharedArrayBuffer(4));
  const url = new URL(import.meta.url.replace('scan-child', 'scan-worker'));
  if (readAs === undefined && !enter(root)) return;
  const lines: NameLine[] = [];
  const workers = Array.from({ length: threads }, (_, thread) => {
    const { port1, port2 } = new MessageChannel();
    const rings = new Int32Array(new SharedArrayBuffer(4));
    lines.push({ thread, port: port1, rings });
    const names: NameLine = { thread, port: port2, rings };
    const fd = FIRST_PIPE + thread;
    const waits = readAs !== undefined;
    const workerData: WorkerTask = { thread, fd, root, dirs, waits, withIds, pool, next, names };
    const resourceLimits = { maxYoungGenerationSizeMb: 8 };
    return new Worker(url, { workerData, transferList: [port2], resourceLimits });
  });
  carryNames(lines);
  whenAll(workers, 'exit', () => process.exit());
  whenAll(workers, 'message', () => {
    if (readAs !== undefined) becomeReader(readAs);
    if (!enter(root)) return;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
    for (const worker of workers) worker.postMessage('scan');
  });
}

/** Makes the root the working directory; when that fails, it is what the first pipe reports. */
function enter(root: string): boolean {
  try {
    process.chdir(root);
    return true;
  } catch (error) {
    writeFault(frameWriter(FIRST_PIPE, systemClock.monotonic), faultOf(error));
    return false;
  }
}

function whenAll(workers: readonly Worker[], event: 'exit' | 'message', then: () => void): void {
  let left = workers.length;
  for (const worker of workers) {
    worker.once(event, () => {
      left -= 1;
      if (left === 0) then();
    });
  }
}
