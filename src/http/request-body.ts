import type { Readable } from 'node:stream';
import { asIngestError, IngestError } from '../core/errors.ts';

/** A body: bytes at hand, or a stream with its exact length. The stream is destroyed when the request ends early. */
export type RequestBody = Uint8Array | { readonly stream: Readable; readonly bytes: number };

/** Pieces below this are joined: many small writes cost more than they carry. */
const PIECE = 64 * 1024;

/** What the watchdog looks at: when the last byte moved, and who is being waited for. */
export type Progress = { moved: () => void; waitingFor: 'source' | 'destination' };

/** Where a failure of the source is kept. */
export type Failed = { error: IngestError | undefined };

/**
 * The stream's bytes in pieces worth a write, telling `progress` of each. A failure of the source is kept in
 * `failed.error`, so that it is reported as what it is and not as a lost connection.
 */
export async function* paced(
  body: { readonly stream: Readable; readonly bytes: number },
  progress: Progress,
  failed: Failed,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  try {
    for await (const piece of joined(body.stream, progress)) {
      sent += piece.length;
      if (sent > body.bytes) throw lengthError(sent, body.bytes);
      progress.waitingFor = 'destination';
      progress.moved();
      yield piece;
      progress.moved();
      progress.waitingFor = 'source';
    }
    if (sent < body.bytes) throw lengthError(sent, body.bytes);
  } catch (thrown) {
    failed.error = asIngestError(thrown, 'reading the bytes to send');
    throw failed.error;
  } finally {
    progress.waitingFor = 'destination';
    progress.moved();
    body.stream.destroy();
  }
}

async function* joined(stream: Readable, progress: Progress): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  progress.waitingFor = 'source';
  for await (const chunk of stream) {
    const piece = asBytes(chunk);
    progress.moved();
    held.push(piece);
    bytes += piece.length;
    if (bytes < PIECE) continue;
    yield held.length === 1 ? piece : Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held);
}

function asBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  throw new TypeError(`a body gives bytes, not ${typeof chunk}`);
}

function lengthError(sent: number, announced: number): IngestError {
  const word = sent > announced ? 'more' : 'fewer';
  return new IngestError('UNEXPECTED', `the parcel gave ${word} bytes than the ${announced} announced`, {
    hint: 'This is a defect in Nightjar: report it with the log lines around it. The batch is kept.',
    context: { sent, announced },
  });
}
