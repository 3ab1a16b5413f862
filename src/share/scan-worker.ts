/** One scanner thread: walks with blocking calls and writes to its own pipe. Started by scan-child.ts. */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../core/clock.ts';
import { type NameLine, nameBook } from './account-names.ts';
import { faultOf, frameWriter, writeEnd, writeFault } from './frames.ts';
import { checkRoot, createLooker } from './look-at-dir.ts';
import { lookAtDirs, walkShare } from './walk.ts';
import type { WorkPool } from './work-pool.ts';

export type WorkerTask = {
  readonly thread: number;
  readonly fd: number;
  readonly root: string;
  /** Binary strings; undefined = the whole share. */
  readonly dirs: readonly string[] | undefined;
  /** True: say that the modules are loaded, and begin at the answer. */
  readonly waits: boolean;
  readonly withIds: boolean;
  readonly pool: WorkPool;
  readonly next: Int32Array<SharedArrayBuffer>;
  /** By which it asks for the names of accounts. */
  readonly names: NameLine;
};

const task = workerData as WorkerTask;
flushCompileCache();
if (task.waits) {
  // The modules are loaded: now the child may give up the right to read them.
  parentPort?.once('message', () => scan(task));
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  parentPort?.postMessage('ready');
} else {
  scan(task);
}

function scan({ thread, fd, root, dirs, withIds, pool, next, names }: WorkerTask): void {
  const out = frameWriter(fd, systemClock.monotonic);
  try {
    const looker = createLooker(out, withIds, nameBook(names));
    if (dirs === undefined) walkShare(looker, pool, thread);
    else lookAtDirs(looker, dirs, next);
    checkRoot(looker, root);
    writeEnd(out, looker.totals);
  } catch (error) {
    writeFault(out, faultOf(error));
  }
  parentPort?.close();
}
