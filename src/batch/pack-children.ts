import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { DATA_FD, type PackJob } from './pack-protocol.ts';

/** The account that reads the share, where the daemon runs as root. */
export type ReadAs = { readonly uid: number; readonly gid: number };

/** One process that reads, and the pipe its bytes come by. */
export type PackChild = {
  readonly process: ChildProcess;
  readonly bytes: Readable;
  readonly begin: (job: PackJob) => void;
};

/** Children that wait for their next pass: a start costs as much as packing a small batch. */
const KEEP_WARM = 2;

/** Owns the pack children: at most two wait idle, every one is killed at the latest by `[Symbol.dispose]`. */
export class PackChildren {
  readonly #readAs: ReadAs | undefined;
  readonly #idle = new Set<PackChild>();
  readonly #busy = new Set<PackChild>();
  #disposed = false;

  constructor(readAs: ReadAs | undefined) {
    this.#readAs = readAs;
  }

  /** A child for one pass; give it back with `release` after a clean end, or `kill` it. */
  take(): PackChild {
    if (this.#disposed) throw new RangeError('the packer is closed');
    const [warm] = this.#idle;
    const child = warm ?? this.#start();
    this.#idle.delete(child);
    this.#busy.add(child);
    return child;
  }

  #start(): PackChild {
    const child = startPackChild(this.#readAs);
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

function startPackChild(readAs: ReadAs | undefined): PackChild {
  const file = new URL(`./pack-child${extname(import.meta.filename)}`, import.meta.url);
  const args = readAs === undefined ? [] : [String(readAs.uid), String(readAs.gid)];
  const child = fork(file, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc', 'pipe'],
    serialization: 'advanced',
    // Neither the daemon's environment (it may name secrets) nor its flags are the reader's business.
    env: {},
    execArgv: [],
  });
  // Every pass listens for itself; between passes an error only means that the child is gone, which `exit` tells too.
  child.on('error', () => undefined);
  const bytes = child.stdio[DATA_FD];
  if (!(bytes instanceof Readable)) throw new TypeError('the pack child has no data pipe');
  bytes.on('error', () => undefined);
  bytes.pause();
  return { process: child, bytes, begin: (job) => void child.send(job) };
}

function killChild(child: PackChild): void {
  child.process.kill('SIGKILL');
  child.process.unref();
  if (child.process.connected) child.process.disconnect();
  child.bytes.destroy();
}
