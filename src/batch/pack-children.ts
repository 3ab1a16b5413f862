import { type ChildProcess, fork } from 'node:child_process';
import { closeSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { noProcess } from '../core/no-process.ts';
import { type ReaderCache, readerCache } from '../core/reader-cache.ts';
import { below, OPEN_DIRS, readerFlags } from '../core/reader-flags.ts';
import { type DataPipe, openDataPipe } from './data-pipe.ts';
import type { PackJob } from './pack-protocol.ts';

/** The account that reads the share, where the daemon runs as root. */
export type ReadAs = { readonly uid: number; readonly gid: number };

export type ChildOptions = {
  readonly readAs?: ReadAs | undefined;
  /** Where the pipe to a child is made. */
  readonly spoolDir: string;
};

/** One process that reads below `root`, and the pipe its bytes come by. */
export type PackChild = {
  readonly root: string;
  readonly process: ChildProcess;
  readonly bytes: DataPipe;
  readonly begin: (job: PackJob) => void;
};

/** Children that wait for their next pass: a start costs as much as packing a small batch. */
const KEEP_WARM = 2;

/** Owns the pack children: at most two wait idle, every one is killed at the latest by `[Symbol.dispose]`. */
export class PackChildren {
  readonly #options: ChildOptions;
  readonly #idle = new Set<PackChild>();
  readonly #busy = new Set<PackChild>();
  #disposed = false;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  /** A child for one pass over the share at `root`; give it back with `release` after a clean end, or `kill` it. */
  take(root: string): PackChild {
    if (this.#disposed) throw new RangeError('the packer is closed');
    const child = this.#idle.values().find((warm) => warm.root === root) ?? this.#start(root);
    this.#idle.delete(child);
    this.#busy.add(child);
    return child;
  }

  #start(root: string): PackChild {
    const child = startPackChild(this.#options, root);
    child.process.once('exit', () => this.#idle.delete(child));
    return child;
  }

  release(child: PackChild): void {
    this.#busy.delete(child);
    if (this.#disposed || this.#idle.size >= KEEP_WARM || child.process.exitCode !== null) {
      return killChild(child);
    }
    this.#idle.add(child);
  }

  /** Ends the child and does not wait: one that hangs in a dead mount cannot even be killed. */
  kill(child: PackChild): void {
    this.#busy.delete(child);
    killChild(child);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    for (const child of [...this.#idle, ...this.#busy]) killChild(child);
    this.#idle.clear();
    this.#busy.clear();
  }
}

/** It may open what is below the root and our code, keep that compiled, and nothing else: no programs, no connections. */
function readsOnly(root: string, cache: ReaderCache): string[] {
  const src = dirname(import.meta.dirname);
  return readerFlags({
    read: [
      ...[below(resolve(root)), OPEN_DIRS, below(src), join(dirname(src), 'package.json')],
      ...cache.dirs.map(below),
    ],
    write: cache.dirs.map(below),
    threads: true,
  });
}

function startPackChild({ readAs, spoolDir }: ChildOptions, root: string): PackChild {
  const file = new URL(`./pack-child${extname(import.meta.filename)}`, import.meta.url);
  const args = readAs === undefined ? [] : [String(readAs.uid), String(readAs.gid)];
  const { pipe, writeFd } = openDataPipe(spoolDir);
  const cache = readerCache();
  const child = startOrClose(pipe, writeFd, () =>
    fork(file, args, {
      // The data pipe is the child's DATA_FD, and its alone: when it ends, the bytes end.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', writeFd],
      serialization: 'advanced',
      // Neither the daemon's environment (it may name secrets) nor its flags are the reader's business.
      env: cache.env,
      execArgv: readsOnly(root, cache),
    }),
  );
  // Every pass listens for itself; between passes an error only means that the child is gone, which `exit` tells too.
  child.on('error', () => undefined);
  return { root, process: child, bytes: pipe, begin: (job) => void child.send(job) };
}

/** The writing end is the child's. Node throws for want of memory, and tells all else by an event. */
function startOrClose(pipe: DataPipe, writeFd: number, start: () => ChildProcess): ChildProcess {
  try {
    return start();
  } catch (cause) {
    pipe.destroy();
    throw noProcess('start the process that reads the share', cause) ?? cause;
  } finally {
    closeSync(writeFd);
  }
}

function killChild(child: PackChild): void {
  child.process.kill('SIGKILL');
  child.process.unref();
  if (child.process.connected) child.process.disconnect();
  child.bytes.destroy();
}
