import { once } from 'node:events';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ZipArchive } from 'archiver';
import type { ContentFile } from '../core/content.ts';
import { deliveredPath } from '../core/delivered-path.ts';
import { IngestError, systemCode } from '../core/errors.ts';
import type { Batch } from '../core/model.ts';
import { manifestNames } from './manifest.ts';
import { WHOLE_FILE_BYTES } from './parcel-length.ts';

/** Fixed, like everything that shapes the bytes: the same batch gives the same parcel. */
const DEFLATE_LEVEL = 6;
const READ_BYTES = 1024 * 1024;

export type SpoolSource = {
  readonly batch: Batch;
  readonly files: AsyncIterable<ContentFile>;
  /** Called after the last file. */
  readonly manifest: () => { readonly json: string; readonly sha256sums: string };
  readonly spoolDir: string;
  readonly signal: AbortSignal;
};

/**
 * A compressed parcel: its length is known only when it is made, so it goes through a file. The file has no name
 * from the moment it is open, so that nothing is left behind whatever happens. Fails with DISK_FULL.
 */
export async function spoolParcel(
  source: SpoolSource,
): Promise<{ readonly bytes: number; readonly stream: Readable }> {
  const handle = await openNameless(source);
  try {
    await writeArchive(source, handle);
    const { size } = await handle.stat();
    return { bytes: size, stream: handle.createReadStream({ start: 0, highWaterMark: READ_BYTES }) };
  } catch (thrown) {
    await handle.close();
    throw spoolFailure(thrown, source);
  }
}

async function openNameless({ batch, spoolDir }: SpoolSource): Promise<FileHandle> {
  const path = join(spoolDir, `${batch.id}.${process.pid}.${process.hrtime.bigint()}.zip`);
  try {
    const handle = await open(path, 'wx+', 0o600);
    await unlink(path);
    return handle;
  } catch (cause) {
    if (systemCode(cause) === 'ENOSPC') throw diskFull(spoolDir, cause);
    throw new IngestError('STATE_DIR_UNUSABLE', `make a spool file in ${spoolDir}: ${systemCode(cause)}`, {
      hint: 'Check that the directory exists and that the service may write there.',
      context: { spoolDir },
      cause,
    });
  }
}

async function writeArchive(source: SpoolSource, handle: FileHandle): Promise<void> {
  // Loaded with the first compressed batch: most labs have none.
  const { ZipArchive } = await import('archiver');
  const archive = new ZipArchive({ zlib: { level: DEFLATE_LEVEL } });
  const stored = pipeline(archive, (bytes) => handle.writeFile(bytes), { signal: source.signal });
  const filled = fill(archive, source).catch((thrown: unknown) => {
    archive.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    throw thrown;
  });
  const outcomes = await Promise.allSettled([filled, stored]);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function fill(archive: ZipArchive, { batch, files, manifest }: SpoolSource): Promise<void> {
  for await (const { file, body } of files) {
    const date = new Date(Number(file.mtimeNs / 1_000_000n));
    const content = file.size <= WHOLE_FILE_BYTES ? await readWhole(body) : Readable.from(body);
    await append(archive, content, { name: deliveredPath(file), date });
  }
  const names = manifestNames(batch);
  const { json, sha256sums } = manifest();
  const date = new Date(batch.plannedAt);
  await append(archive, Buffer.from(json), { name: names.json, date });
  await append(archive, Buffer.from(sha256sums), { name: names.sums, date });
  await archive.finalize();
}

/** Adds one entry and waits until it is written: the next file's bytes come only after this one's. */
async function append(
  archive: ZipArchive,
  content: Buffer | Readable,
  entry: { readonly name: string; readonly date: Date },
): Promise<void> {
  const written = once(archive, 'entry');
  archive.append(content, { ...entry, mode: 0o644 });
  await written;
}

async function readWhole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

function spoolFailure(thrown: unknown, { batch, spoolDir, signal }: SpoolSource): unknown {
  if (thrown instanceof IngestError) return thrown;
  if (systemCode(thrown) === 'ENOSPC' || systemCode(thrown) === 'EDQUOT') return diskFull(spoolDir, thrown);
  if (!signal.aborted) return thrown;
  return new IngestError('INTERRUPTED', `compress batch ${batch.id}: stopped`, {
    hint: 'Nothing to do: it is taken up again.',
    context: { batchId: batch.id },
    cause: thrown,
  });
}

function diskFull(spoolDir: string, cause: unknown): IngestError {
  return new IngestError('DISK_FULL', `write a compressed parcel in ${spoolDir}: no space left`, {
    hint: 'Make room there; a compressed batch needs about as much as its files.',
    context: { spoolDir },
    cause,
  });
}
