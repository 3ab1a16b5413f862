import { fstatSync, readSync } from 'node:fs';
import type { PlannedFile } from '../core/model.ts';
import { closeRead } from './close-read.ts';
import type { HashedOutput } from './hashed-output.ts';
import { fileChanged, readFailure } from './read-failure.ts';
import { isSame, type OpenedFile, type SafeOpener } from './safe-open.ts';

/** From this size on a file is long enough under way for its name to be looked at again after reading. */
const NAME_CHECK_FROM_BYTES = 1024 * 1024;

/** What is done with each piece of content right after it was read into the output. */
export type OnPiece = (piece: Buffer) => void;

/** Where a file was read to: `content` lies behind the lead that begins at `at` of `memory`. */
export type WholeFile = { readonly memory: Buffer; readonly at: number; readonly content: Buffer };

/**
 * Reads a planned file into the output, exactly its planned size, and looks again afterwards: whatever moved while it
 * was read throws FILE_CHANGED. `whole` reads to the place right behind `lead` bytes that the caller fills in later.
 */
export class PlannedReader {
  readonly #opener: SafeOpener;
  readonly #output: HashedOutput;
  readonly #beyond = Buffer.alloc(1);

  constructor(opener: SafeOpener, output: HashedOutput) {
    this.#opener = opener;
    this.#output = output;
  }

  /** A file that fits into one slot together with `lead` bytes before it; answers where those begin. */
  whole(file: PlannedFile, index: number, lead: number): WholeFile {
    return this.#with(file, (opened) => {
      const { memory, at } = this.#output.claim(lead + file.size);
      const content = memory.subarray(at + lead, at + lead + file.size);
      for (let from = 0; from < file.size; ) from += readSome(opened.fd, content.subarray(from), file);
      this.#confirm(opened, file);
      this.#output.advance(lead);
      this.#output.advanceContent(file.size, index);
      return { memory, at, content };
    });
  }

  /** A file of any size, piece by piece; the last piece is sent only when nothing moved. */
  streamed(file: PlannedFile, index: number, onPiece: OnPiece): void {
    this.#with(file, (opened) => {
      for (let left = file.size; left > 0; ) {
        const place = this.#output.claim(1);
        const space = place.memory.subarray(place.at, place.at + Math.min(left, place.left));
        const bytes = readSome(opened.fd, space, file);
        left -= bytes;
        if (left === 0) this.#confirm(opened, file);
        onPiece(space.subarray(0, bytes));
        this.#output.advanceContent(bytes, left === 0 ? index : undefined);
      }
    });
  }

  #with<T>(file: PlannedFile, read: (opened: OpenedFile) => T): T {
    const opened = this.#opener.open(file);
    try {
      return read(opened);
    } catch (thrown) {
      throw readFailure(thrown, file.path);
    } finally {
      closeRead(opened.fd);
    }
  }

  #confirm({ fd, facts }: OpenedFile, file: PlannedFile): void {
    if (readSync(fd, this.#beyond, 0, 1, null) > 0) throw fileChanged(file.path, 'it grew while it was read');
    if (!isSame(fstatSync(fd, { bigint: true }), facts)) {
      throw fileChanged(file.path, 'it was written, moved or replaced while it was read');
    }
    if (file.size < NAME_CHECK_FROM_BYTES || this.#opener.isStillNamed(file.path, facts)) return;
    throw fileChanged(file.path, 'another file has its name now');
  }
}

function readSome(fd: number, into: Uint8Array, file: PlannedFile): number {
  const bytes = readSync(fd, into, 0, into.length, null);
  if (bytes === 0) throw fileChanged(file.path, 'it got shorter while it was read');
  return bytes;
}
