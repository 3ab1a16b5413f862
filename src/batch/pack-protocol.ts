import type { ErrorCode, ErrorContext } from '../core/errors.ts';
import type { Batch } from '../core/model.ts';

/** One pass over a batch: its parcel, or its files' bytes one after another. */
export type PackJob = {
  readonly mode: 'zip' | 'raw';
  /** Absolute path of the share's root. */
  readonly root: string;
  /** Name of the marker in the root; undefined: a missing file is taken as missing without looking for it. */
  readonly marker?: string | undefined;
  readonly batch: Batch;
  /** Nightjar's version, for the manifest. */
  readonly version: string;
};

/** What the child says of a pass, beside the bytes on its data pipe. `digests`: 32 bytes a file, in order. */
export type PackReport =
  | { readonly kind: 'done'; readonly digests: Uint8Array }
  | {
      readonly kind: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string;
      readonly context: ErrorContext;
    };

/** The child's file descriptor for the bytes. */
export const DATA_FD = 4;

/** In raw mode this byte follows each file: it was read to its end and nothing about it had moved. */
export const FILE_IS_WHOLE = 0x06;

/** Bytes on the data pipe in raw mode. */
export function rawLength(batch: Pick<Batch, 'files'>): number {
  return batch.files.reduce((sum, file) => sum + file.size + 1, 0);
}
