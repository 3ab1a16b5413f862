import type { Readable } from 'node:stream';
import type { Batch, PlannedFile } from './model.ts';

/** A file's bytes on their way. `body` must be read to its end before the next file; it fails when the file changed. */
export type ContentFile = { readonly file: PlannedFile; readonly body: AsyncIterable<Uint8Array> };

/** What a batch's bytes look like to a destination. May be opened again: the same bytes every time. */
export type Content = {
  readonly batch: Batch;
  /** Directory below the container that receives the batch, '/'-separated, not empty. */
  readonly targetDir: string;
  /** The zip and its exact length in bytes, known before the first byte. */
  readonly parcel: (signal: AbortSignal) => Promise<{ readonly bytes: number; readonly stream: Readable }>;
  /** The files one after another, in manifest order. */
  readonly files: (signal: AbortSignal) => AsyncIterable<ContentFile>;
  /** SHA-256 (hex) by path, complete only after a whole pass of `parcel` or `files`; throws before. */
  readonly hashes: () => ReadonlyMap<string, string>;
  /** The two forms of the manifest; like `hashes`, only after a whole pass. */
  readonly manifest: () => { readonly json: string; readonly sha256sums: string };
};
