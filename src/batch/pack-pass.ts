import { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import { noProcess } from '../core/no-process.ts';
import { type Standstill, watchStandstill } from '../core/standstill.ts';
import type { PackChild } from './pack-children.ts';
import type { PackJob, PackReport } from './pack-protocol.ts';

const READ_AHEAD_BYTES = 1024 * 1024;

export type PassParts = {
  readonly child: PackChild;
  readonly job: PackJob;
  /** Exact bytes the child will send. */
  readonly bytes: number;
  readonly clock: Clock;
  readonly stallMs: number;
  readonly signal: AbortSignal;
  readonly standstill: Standstill | undefined;
  /** Told of the bytes that have come so far, piece by piece. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  /** The pass ended cleanly; throws when the digests are not as they must be. */
  readonly onDone: (digests: Buffer) => void;
  /** Called once; `clean` tells whether the child may do another pass. */
  readonly onEnd: (clean: boolean) => void;
};

/**
 * One pass of a child as a stream. It ends only when every byte came and the child said that every file was read
 * unmoved; otherwise it fails with the IngestError that says who acts next.
 */
export function openPass(parts: PassParts): Readable {
  const pass = new Pass(parts);
  pass.begin();
  return pass.stream;
}

class Pass {
  readonly stream: Readable;
  readonly #parts: PassParts;
  readonly #stopWatch = new AbortController();
  #received = 0;
  /** Held back until the child has said that all is well: nobody can take the bytes for whole before they are. */
  #last: Buffer | undefined;
  #digests: Buffer | undefined;
  /** Since when the consumer has waited for a byte; undefined while it does not read. */
  #waitingSince: number | undefined;
  #isOver = false;

  constructor(parts: PassParts) {
    this.#parts = parts;
    this.stream = new Readable({
      highWaterMark: READ_AHEAD_BYTES,
      read: () => this.#wanted(),
      destroy: (error, callback) => {
        this.#end(false);
        callback(error);
      },
    });
    // Nobody may read yet when the pass fails: whoever reads later is told, an error without a listener ends the daemon.
    this.stream.on('error', () => undefined);
  }

  begin(): void {
    const { child, job, signal, bytes, clock, standstill } = this.#parts;
    child.bytes.begin({ bytes, clock, onPiece: this.#onPiece });
    child.process.on('message', this.#onReport);
    child.process.on('exit', this.#onExit);
    child.process.on('error', this.#onError);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) return this.#onAbort();
    child.begin(job);
    watchStandstill({ clock, standstill, since: () => this.#waitingSince }, this.#stopWatch.signal);
    void this.#watch();
  }

  #wanted(): void {
    if (this.#isOver) return;
    this.#waitingSince ??= this.#parts.clock.monotonic();
    this.#parts.child.bytes.resume();
  }

  readonly #onPiece = (piece: Buffer): void => {
    if (this.#waitingSince !== undefined) this.#waitingSince = this.#parts.clock.monotonic();
    this.#received += piece.length;
    this.#parts.onBytes?.(this.#received);
    if (this.#received >= this.#parts.bytes) {
      this.#last = piece;
      this.#endWhenComplete();
    } else if (!this.stream.push(piece)) this.#hold();
  };

  #hold(): void {
    this.#waitingSince = undefined;
    this.#parts.child.bytes.pause();
  }

  readonly #onReport = (report: PackReport): void => {
    if (report.kind === 'failed') {
      const { code, message, hint, context } = report;
      return this.#fail(new IngestError(code, message, { hint, context }));
    }
    this.#digests = Buffer.from(report.digests);
    this.#endWhenComplete();
  };

  #endWhenComplete(): void {
    const { bytes, onDone, job } = this.#parts;
    if (this.#received > bytes) return this.#fail(wrongLength(job, this.#received, bytes));
    if (this.#digests === undefined || this.#last === undefined) return;
    try {
      onDone(this.#digests);
    } catch (thrown) {
      return this.#fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
    this.#end(true);
    this.stream.push(this.#last);
    this.stream.push(null);
  }

  readonly #onExit = (code: number | null, signal: string | null): void => {
    this.#fail(childEnded(this.#parts.job, code, signal));
  };

  readonly #onError = (cause: Error): void => {
    const attempted = `start the process that reads ${this.#parts.job.root}`;
    const hint = 'Check the limits on processes and memory of the service.';
    this.#fail(
      noProcess(attempted, cause) ??
        new IngestError('UNEXPECTED', `${attempted}: ${cause.message}`, { hint, cause }),
    );
  };

  readonly #onAbort = (): void => {
    const { signal, job } = this.#parts;
    const reason: unknown = signal.reason;
    this.#fail(
      reason instanceof IngestError
        ? reason
        : new IngestError('INTERRUPTED', `pack batch ${job.batch.id}: stopped`, {
            hint: 'Nothing to do: it is taken up again.',
            context: { batchId: job.batch.id },
            cause: reason,
          }),
    );
  };

  async #watch(): Promise<void> {
    const { clock, stallMs, job } = this.#parts;
    while (!this.#isOver) {
      const waited = this.#waitingSince === undefined ? 0 : clock.monotonic() - this.#waitingSince;
      if (waited >= stallMs) return this.#fail(stalled(job, stallMs));
      await clock.sleep(stallMs - waited, this.#stopWatch.signal).catch(() => undefined);
    }
  }

  #fail(error: Error): void {
    if (!this.#isOver) this.stream.destroy(error);
  }

  #end(clean: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { child, signal, onEnd } = this.#parts;
    this.#stopWatch.abort();
    child.bytes.end();
    child.process.off('message', this.#onReport).off('exit', this.#onExit).off('error', this.#onError);
    signal.removeEventListener('abort', this.#onAbort);
    onEnd(clean);
  }
}

function stalled(job: PackJob, stallMs: number): IngestError {
  return new IngestError('SHARE_STALLED', `read the share at ${job.root}: no byte for ${stallMs} ms`, {
    hint: 'Check that the file server answers: the read hung and was given up.',
    context: { root: job.root, batchId: job.batch.id },
  });
}

function childEnded(job: PackJob, code: number | null, signal: string | null): IngestError {
  const context = { batchId: job.batch.id };
  if (signal !== null) {
    const hint =
      'It is taken up again. If it comes back, look for the out-of-memory killer in the system log.';
    return new IngestError(
      'INTERRUPTED',
      `read the share at ${job.root}: the reader was ended by ${signal}`,
      {
        hint,
        context,
      },
    );
  }
  return new IngestError('UNEXPECTED', `read the share at ${job.root}: the reader ended with code ${code}`, {
    hint: 'This is a defect in Nightjar: report it with the log lines around it. The batch is kept.',
    context,
  });
}

function wrongLength(job: PackJob, got: number, planned: number): IngestError {
  return new IngestError('UNEXPECTED', `pack batch ${job.batch.id}: ${got} bytes, ${planned} were computed`, {
    hint: 'This is a defect in Nightjar: report it. The batch is kept.',
    context: { batchId: job.batch.id },
  });
}
