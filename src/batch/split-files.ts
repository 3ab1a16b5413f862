import type { Readable } from 'node:stream';
import type { ContentFile } from '../core/content.ts';
import { IngestError } from '../core/errors.ts';
import type { PlannedFile } from '../core/model.ts';
import { FILE_IS_WHOLE } from './pack-protocol.ts';

/** A raw pass cut into its files. Each body ends only after the child said that the file was whole. */
export async function* splitFiles(
  stream: Readable,
  files: readonly PlannedFile[],
): AsyncGenerator<ContentFile, void> {
  const pieces = new Pieces(stream);
  try {
    for (const file of files) {
      let isRead = false;
      const body = async function* (): AsyncGenerator<Uint8Array, void> {
        for (let left = file.size; left > 0; ) {
          const piece = await pieces.next(left);
          left -= piece.length;
          yield piece;
        }
        const [mark] = await pieces.next(1);
        if (mark !== FILE_IS_WHOLE) throw defect('a file is not followed by its mark');
        isRead = true;
      };
      yield { file, body: body() };
      if (!isRead) throw defect('the next file was asked for before the last was read to its end');
    }
    await pieces.end();
  } finally {
    stream.destroy();
  }
}

/** Bytes of a stream, as much at a time as is asked for at most. */
class Pieces {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#source = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async next(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next();
      if (done === true) throw defect('the reader sent too few bytes');
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  async end(): Promise<void> {
    const { done } = await this.#source.next();
    if (done !== true || this.#rest.length > 0) throw defect('the reader sent too many bytes');
  }
}

function defect(what: string): IngestError {
  return new IngestError('UNEXPECTED', `split a batch into its files: ${what}`, {
    hint: 'This is a defect in Nightjar: report it with the log lines around it. The batch is kept.',
  });
}
