import type { ControlLook } from '../core/control.ts';
import { IngestError } from '../core/errors.ts';
import type { DirLook } from '../core/model.ts';
import { type Fault, type Frame, frameReader, type ScanTotals } from './frames.ts';
import { childEnded, notStarted, rootFailure, type ScanTarget, type ShareChild } from './share-child.ts';

/** Above this many waiting bytes the pipes are not read: the threads then wait in their writes. */
const HIGH_WATER_BYTES = 8 * 1024 * 1024;

const NOTHING: ScanTotals = { dirs: 0, files: 0, bytes: 0, excluded: 0, unreadable: 0 };

/** The looks of all threads of one scan as they come in, until somebody takes them. */
export class Intake {
  readonly #target: ScanTarget;
  readonly #child: ShareChild;
  #looks: DirLook[] = [];
  #bytes = 0;
  #arrived = NOTHING;
  #counted = NOTHING;
  #ended = 0;
  #failure: Error | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(target: ScanTarget, child: ShareChild) {
    this.#target = target;
    this.#child = child;
    for (const pipe of child.pipes) {
      const read = frameReader();
      const controls: ControlLook[] = [];
      pipe.on('data', (chunk: Buffer) => this.#accept(read(chunk), controls));
      pipe.on('error', (error) => this.#fail(error));
    }
    child.process.once('error', (error) => this.#fail(notStarted(target, error)));
    // 'close', not 'exit': what the threads wrote before is read first.
    child.process.once('close', (code, signal) => {
      if (!this.isComplete) this.#fail(childEnded(target, { code, signal }, child.complaint()));
    });
  }

  /** True when every thread has written its last frame. */
  get isComplete(): boolean {
    return this.#ended === this.#child.pipes.length;
  }

  /** How many looks wait, and the bytes of their listings. */
  get waiting(): { readonly looks: number; readonly bytes: number } {
    return { looks: this.#looks.length, bytes: this.#bytes };
  }

  /** Everything that waits. */
  take(): readonly DirLook[] {
    const taken = this.#looks;
    this.#looks = [];
    this.#bytes = 0;
    for (const pipe of this.#child.pipes) pipe.resume();
    return taken;
  }

  /** Resolves with the next frames from any thread; rejects when the scan has failed. */
  async arrival(): Promise<void> {
    await this.#wake.promise;
    this.#wake = Promise.withResolvers<void>();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What the threads counted, added up; throws when that is not what has arrived. Only when complete. */
  totals(): ScanTotals {
    const [counted, arrived] = [this.#counted, this.#arrived];
    if (counted.dirs === arrived.dirs && counted.files === arrived.files && counted.bytes === arrived.bytes) {
      return counted;
    }
    throw this.#faultError({
      message: `it counted ${counted.files} entries in ${counted.dirs} directories, but ${arrived.files} in ${arrived.dirs} arrived`,
    });
  }

  /** `controls`: what this pipe told of control files since its last look. */
  #accept(frames: readonly Frame[], controls: ControlLook[]): void {
    for (const frame of frames) {
      if (frame.kind === 'control') controls.push(frame.control);
      else if (frame.kind === 'look')
        this.#acceptLook(
          controls.length === 0 ? frame.look : { ...frame.look, controls: controls.splice(0) },
        );
      else if (frame.kind === 'fault') this.#fail(this.#faultError(frame.fault));
      else if (frame.kind === 'end') {
        this.#counted = add(this.#counted, frame.totals);
        this.#ended += 1;
      }
    }
    if (this.#bytes > HIGH_WATER_BYTES) for (const pipe of this.#child.pipes) pipe.pause();
    this.#wake.resolve();
  }

  #acceptLook(look: DirLook): void {
    this.#looks.push(look);
    this.#bytes += look.listing.length;
    this.#arrived = add(this.#arrived, { ...NOTHING, dirs: 1, files: look.files, bytes: look.bytes });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake.resolve();
  }

  #faultError({ errno, message }: Fault): IngestError {
    const target = this.#target;
    if (errno !== undefined) return rootFailure(target, errno, message);
    return new IngestError('UNEXPECTED', `scan share ${target.name} at ${target.root}: ${message}`, {
      hint: 'This is a defect in Nightjar: report it with the log lines around it. Nothing is concluded from this scan.',
      context: { share: target.name, root: target.root },
    });
  }
}

function add(a: ScanTotals, b: ScanTotals): ScanTotals {
  return {
    dirs: a.dirs + b.dirs,
    files: a.files + b.files,
    bytes: a.bytes + b.bytes,
    excluded: a.excluded + b.excluded,
    unreadable: a.unreadable + b.unreadable,
  };
}
