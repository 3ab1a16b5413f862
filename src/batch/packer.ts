import type { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';
import type { Content, ContentFile } from '../core/content.ts';
import { IngestError } from '../core/errors.ts';
import type { BatchId } from '../core/ids.ts';
import type { Batch } from '../core/model.ts';
import { printable } from '../core/share-path.ts';
import type { Standstill } from '../core/standstill.ts';
import { DIGEST_BYTES } from './hash-ring.ts';
import { manifestJson, sha256Sums } from './manifest.ts';
import { PackChildren, type ReadAs } from './pack-children.ts';
import { openPass } from './pack-pass.ts';
import { type PackJob, rawLength } from './pack-protocol.ts';
import { parcelLength } from './parcel-length.ts';
import { splitFiles } from './split-files.ts';
import { spoolParcel } from './spool-parcel.ts';
import { targetDir } from './target-dir.ts';

export type PackerOptions = {
  readonly clock: Clock;
  /** No byte from the share for this long, while somebody waits for one, is SHARE_STALLED. */
  readonly stallMs: number;
  /** The account that reads the share, where the daemon is root. */
  readonly readAs?: ReadAs | undefined;
  /** Name of the share's marker: a file that is missing while the marker is too is SHARE_UNREACHABLE. */
  readonly marker?: string | undefined;
  /** Where compressed parcels are made; needs room for one batch per delivery in flight. */
  readonly spoolDir: string;
  /** Told of the bytes of a batch that have been read so far, for whoever shows progress. */
  readonly onBytes?: (id: BatchId, bytes: number) => void;
  /** Who is told when somebody waits for the share's bytes of a batch and none come. */
  readonly standstill?: (id: BatchId) => Standstill;
  /** Nightjar's version, for the manifest. */
  readonly version: string;
};

/** Makes batches readable. Owns the processes that read the share; all are gone after dispose. */
export type Packer = AsyncDisposable & {
  /** The batch's bytes below the share's root; nothing is read before the content is opened. */
  readonly content: (batch: Batch, root: string) => Content;
};

export function createPacker(options: PackerOptions): Packer {
  const children = new PackChildren(options);
  return {
    content: (batch, root) => makeContent({ ...options, children, batch, root }),
    [Symbol.asyncDispose]: async () => children[Symbol.dispose](),
  };
}

type ContentParts = PackerOptions & {
  readonly children: PackChildren;
  readonly batch: Batch;
  readonly root: string;
};

function makeContent(parts: ContentParts): Content {
  const { batch, version, spoolDir } = parts;
  const hashes = new PassHashes(batch);
  const open = (mode: PackJob['mode'], bytes: number, signal: AbortSignal): Readable =>
    startPass(parts, hashes, { mode, bytes, signal });
  const files = (signal: AbortSignal): AsyncIterable<ContentFile> =>
    lazily(() => splitFiles(open('raw', rawLength(batch), signal), batch.files));
  const manifest = (): ReturnType<Content['manifest']> => ({
    json: manifestJson({ batch, version }, hashes.of),
    sha256sums: sha256Sums(batch, hashes.of),
  });
  return {
    batch,
    targetDir: targetDir(batch),
    parcel: async (signal) => {
      if (batch.compress) return spoolParcel({ batch, files: files(signal), manifest, spoolDir, signal });
      const bytes = parcelLength({ batch, version });
      return { bytes, stream: open('zip', bytes, signal) };
    },
    files,
    hashes: () => new Map(batch.files.map((file, index) => [file.path, hashes.of(index)])),
    manifest,
  };
}

/** A pass begins when its first file is asked for, not before. */
async function* lazily(files: () => AsyncIterable<ContentFile>): AsyncGenerator<ContentFile, void> {
  yield* files();
}

function startPass(
  { children, clock, stallMs, batch, root, marker, version, onBytes, standstill }: ContentParts,
  hashes: PassHashes,
  { mode, bytes, signal }: { mode: PackJob['mode']; bytes: number; signal: AbortSignal },
): Readable {
  const child = children.take(root);
  return openPass({
    child,
    job: { mode, root, marker, batch, version },
    bytes,
    clock,
    stallMs,
    signal,
    standstill: standstill?.(batch.id),
    onBytes: onBytes === undefined ? undefined : (bytes) => onBytes(batch.id, bytes),
    onDone: (digests) => hashes.keep(digests),
    onEnd: (clean) => (clean ? children.release(child) : children.kill(child)),
  });
}

/** What the passes over one batch found. The first fixes the hashes; another that finds others has failed. */
class PassHashes {
  readonly #batch: Batch;
  #digests: Buffer | undefined;

  constructor(batch: Batch) {
    this.#batch = batch;
  }

  keep(digests: Buffer): void {
    if (digests.length !== this.#batch.files.length * DIGEST_BYTES) {
      throw new RangeError(`the reader sent ${digests.length} bytes of hashes`);
    }
    const before = this.#digests;
    if (before === undefined) {
      this.#digests = digests;
      return;
    }
    if (before.equals(digests)) return;
    const changed = this.#batch.files.find((_, index) => !sameDigest(before, digests, index));
    throw new IngestError(
      'FILE_CHANGED',
      `read ${printable(changed?.path ?? '')} again: other bytes than before`,
      {
        hint: 'Its size and times are as before, its content is not: check the cache settings of the mount.',
        context: { path: changed?.path },
      },
    );
  }

  /** SHA-256 in hex of the n-th file; throws before a whole pass. */
  readonly of = (index: number): string => {
    if (this.#digests === undefined) {
      throw new IngestError(
        'UNEXPECTED',
        `tell the hashes of batch ${this.#batch.id}: it was not read to its end`,
        {
          hint: 'This is a defect in Nightjar: report it. The batch is kept.',
          context: { batchId: this.#batch.id },
        },
      );
    }
    return this.#digests.toString('hex', index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  };
}

function sameDigest(a: Buffer, b: Buffer, index: number): boolean {
  const range = [index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES] as const;
  return a.subarray(...range).equals(b.subarray(...range));
}
