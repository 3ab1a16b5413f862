import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Content, ContentFile } from '../../core/content.ts';
import { deliveredPath } from '../../core/delivered-path.ts';
import { asIngestError, IngestError } from '../../core/errors.ts';
import type { PlannedFile } from '../../core/model.ts';
import { printable } from '../../core/share-path.ts';
import { type Backlog, createBacklog } from './backlog.ts';
import { DirWalk, type HeldDir, inDir } from './dir-walk.ts';
import { onDisk } from './disk-error.ts';
import { nameThere, placeOf } from './read-back.ts';
import { stopIfAborted } from './stop-if-aborted.ts';

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const MODE = 0o640;
/** Bytes of one write. */
const PIECE = 1024 * 1024;
/** Files whose flush may be under way while the next one is written. */
const FINISHING = 16;

export type Staging = {
  /** The owner's directory, and the directory below it that receives the files. */
  readonly owner: HeldDir;
  readonly dir: string;
  /** Paths that are at the destination already: read (their hashes are needed), not written. */
  readonly present: ReadonlySet<string>;
  readonly signal: AbortSignal;
};

/** Makes one whole pass over the content and writes each file, flushed and with its mtime, below the staging directory. */
export async function stageFiles(content: Content, staging: Staging): Promise<void> {
  await using walk = new DirWalk(staging.owner, 'make');
  await using finishing = createBacklog(FINISHING);
  const writing = { ...staging, finishing, scratch: Buffer.allocUnsafe(PIECE) };
  let passed = 0;
  for await (const item of content.files(staging.signal)) {
    stopIfAborted(staging.signal, `send ${content.batch.id}`);
    if (staging.present.has(item.file.path)) await drain(item, staging.signal);
    else await stageFile(item, await walk.into(placeOf(staging.dir, item.file)), writing);
    passed += 1;
  }
  await finishing.done();
  if (passed !== content.batch.files.length) {
    const short = new Error(`${passed} of ${content.batch.files.length} files came`);
    throw asIngestError(short, `read the content of ${content.batch.id}`);
  }
}

async function drain(item: ContentFile, signal: AbortSignal): Promise<void> {
  for await (const _ of item.body) stopIfAborted(signal, `read ${printable(item.file.path)}`);
}

type Writing = {
  readonly scratch: Buffer;
  readonly finishing: Backlog;
  readonly owner: HeldDir;
  readonly signal: AbortSignal;
};

async function stageFile(item: ContentFile, dir: FileHandle, writing: Writing): Promise<void> {
  const { file } = item;
  const attempted = () => `write ${printable(deliveredPath(file))} below ${writing.owner.path}`;
  const handle = await onDisk(open(inDir(dir, nameThere(file)), NEW_FILE, MODE), attempted);
  try {
    const bytes = await writeBody(item, handle, { ...writing, attempted });
    if (bytes !== file.size) throw wrongLength(file, bytes);
    stopIfAborted(writing.signal, attempted());
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
  await writing.finishing.add(onDisk(complete(handle, file), attempted));
}

async function writeBody(
  item: ContentFile,
  handle: FileHandle,
  writing: Writing & { readonly attempted: () => string },
): Promise<number> {
  const { scratch, signal, attempted } = writing;
  let held = 0;
  let bytes = 0;
  for await (const piece of item.body) {
    stopIfAborted(signal, attempted());
    bytes += piece.length;
    if (held + piece.length > scratch.length) {
      await onDisk(writeAll(handle, scratch.subarray(0, held)), attempted);
      held = 0;
      stopIfAborted(signal, attempted());
    }
    if (piece.length >= scratch.length) await onDisk(writeAll(handle, piece), attempted);
    else held += copyInto(scratch, held, piece);
  }
  await onDisk(writeAll(handle, scratch.subarray(0, held)), attempted);
  return bytes;
}

function copyInto(scratch: Buffer, at: number, piece: Uint8Array): number {
  scratch.set(piece, at);
  return piece.length;
}

/** write(2) may take less than it was given, for instance just before the disk is full. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

async function complete(handle: FileHandle, file: PlannedFile): Promise<void> {
  try {
    await handle.chmod(MODE);
    const mtime = fileTime(file.mtimeNs);
    await handle.utimes(mtime, mtime);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Seconds, exact to a microsecond; before 1970 a Date, since Node takes a negative number for "now" (lib/internal/fs/utils). */
function fileTime(mtimeNs: bigint): number | Date {
  return mtimeNs < 0n ? new Date(Number(mtimeNs / 1_000_000n)) : Number(mtimeNs) / 1e9;
}

function wrongLength(file: PlannedFile, bytes: number): IngestError {
  return new IngestError(
    'FILE_CHANGED',
    `${printable(file.path)}: ${bytes} bytes came, ${file.size} were planned`,
    {
      hint: 'The file is planned again once it has settled.',
      context: { path: file.path, bytes, planned: file.size },
    },
  );
}
