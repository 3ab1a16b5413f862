import { execFileSync } from 'node:child_process';
import { constants, openSync, statfsSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import { noProcess } from '../core/no-process.ts';

/** Smaller pieces make the socket behind them slow. */
const PIECE_BYTES = 256 * 1024;
const MEMORY_BYTES = 1024 * 1024;
/** What a pipe holds (pipe(7)): the most that one read brings. */
const READ_BYTES = 64 * 1024;

/** Less than a piece goes on when nothing more came for this long. */
const LINGER_MS = 25;

/** What one pass wants of the pipe: this many bytes in all, in pieces. */
export type PipePass = {
  readonly bytes: number;
  readonly onPiece: (piece: Buffer) => void;
  readonly clock: Clock;
};

/**
 * The reading end of a named pipe, whose bytes go straight into large pieces. A child's ordinary `pipe` would bring
 * them in small buffers of its own, which costs the daemon three times the processor time.
 */
export class DataPipe {
  readonly #socket: Socket;
  #memory = Buffer.allocUnsafe(MEMORY_BYTES);
  /** What lies between the two has come and was not handed on yet. */
  #from = 0;
  #at = 0;
  #pass: PipePass | undefined;
  #received = 0;
  #isLingering = false;

  constructor(fd: number) {
    this.#socket = new Socket({
      fd,
      readable: true,
      writable: false,
      onread: {
        buffer: () => this.#memory.subarray(this.#at),
        callback: (bytes) => {
          this.#took(bytes);
          return true;
        },
      },
    });
    // An error here means that the child is gone, which its exit tells too.
    this.#socket.on('error', () => undefined).pause();
  }

  /** The pieces of this pass go to its `onPiece`; nothing comes before `resume`. */
  begin(pass: PipePass): void {
    this.#pass = pass;
    this.#received = 0;
  }

  resume(): void {
    this.#socket.resume();
  }

  pause(): void {
    this.#socket.pause();
  }

  /** Ends a pass; the pipe is ready for the next. */
  end(): void {
    this.pause();
    this.#pass = undefined;
    this.#from = this.#at;
  }

  destroy(): void {
    this.end();
    this.#socket.destroy();
  }

  #took(bytes: number): void {
    this.#at += bytes;
    this.#received += bytes;
    const isLast = this.#received >= (this.#pass?.bytes ?? 0);
    if (isLast || this.#at - this.#from >= PIECE_BYTES) this.#handOn();
    else this.#linger();
    if (this.#memory.length - this.#at >= READ_BYTES) return;
    this.#handOn();
    // Only here, before the next read is given its place: that of the last one is already fixed anywhere else.
    this.#memory = Buffer.allocUnsafe(MEMORY_BYTES);
    this.#from = 0;
    this.#at = 0;
  }

  #handOn(): void {
    if (this.#at === this.#from) return;
    const piece = this.#memory.subarray(this.#from, this.#at);
    this.#from = this.#at;
    this.#pass?.onPiece(piece);
  }

  #linger(): void {
    if (this.#isLingering || this.#pass === undefined) return;
    this.#isLingering = true;
    const handOn = (): void => {
      this.#isLingering = false;
      this.#handOn();
    };
    this.#pass.clock.sleep(LINGER_MS).then(handOn, handOn);
  }
}

/** Both ends of a new pipe in `dir`; it has no name any more. The writing end blocks, the reading end does not. */
export function openDataPipe(dir: string): { readonly pipe: DataPipe; readonly writeFd: number } {
  const path = join(dir, `pipe.${process.pid}.${process.hrtime.bigint()}`);
  try {
    execFileSync('mkfifo', ['-m', '600', path], { stdio: 'pipe' });
  } catch (cause) {
    throw noProcess(`make a pipe in ${dir}`, cause) ?? noPipe(dir, cause);
  }
  try {
    const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { pipe: new DataPipe(readFd), writeFd: openSync(path, constants.O_WRONLY) };
  } finally {
    unlinkSync(path);
  }
}

/** mkfifo only says that it failed; whether there is room and an inode is asked for. */
function noPipe(dir: string, cause: unknown): IngestError {
  if (isFull(dir))
    return new IngestError('DISK_FULL', `make a pipe in ${dir}: no space or no inodes left`, {
      hint: 'Make room on the file system of the state directory; the deliveries then go on by themselves.',
      context: { dir },
      cause,
    });
  return new IngestError('STATE_DIR_UNUSABLE', `make a pipe in ${dir}`, {
    hint: 'Check that the directory exists, that the service may write there, and that mkfifo is installed.',
    context: { dir },
    cause,
  });
}

function isFull(dir: string): boolean {
  try {
    const { bavail, ffree, files } = statfsSync(dir);
    // Some file systems (btrfs) count no inodes at all.
    return bavail === 0 || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}
