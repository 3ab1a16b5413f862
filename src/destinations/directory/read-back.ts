import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { deliveredPath } from '../../core/delivered-path.ts';
import type { PlannedFile } from '../../core/model.ts';
import { nameOf, parentOf, printable } from '../../core/share-path.ts';
import { createBacklog } from './backlog.ts';
import { DirWalk, type HeldDir, inDir } from './dir-walk.ts';
import { errnoName, onDisk } from './disk-error.ts';
import { stopIfAborted } from './stop-if-aborted.ts';

const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Bytes of one read. */
const PIECE = 1024 * 1024;
/** Files of at most one piece that are read at the same time; larger ones are read one after another. */
const READING = 8;

/** What is at the destination where a file belongs. */
type Found = 'missing' | 'not a file' | 'other size' | 'other content' | 'same';

type Answer = { readonly file: PlannedFile; found: Found };

export type Expected = {
  readonly owner: HeldDir;
  /** Directory below the owner's that the paths of the batch begin in. */
  readonly dir: string;
  /** Without hashes only names and sizes are compared. */
  readonly hashes?: ReadonlyMap<string, string>;
  /** With hashes: files that are the same are also flushed to disk. */
  readonly flush?: boolean;
  readonly signal: AbortSignal;
};

/** Looks at each file's place and answers in order; reads the whole content where a hash is to be compared. */
export async function readBack(
  files: readonly PlannedFile[],
  expected: Expected,
): Promise<readonly Readonly<Answer>[]> {
  await using walk = new DirWalk(expected.owner, 'find');
  await using reading = createBacklog(READING);
  const answers: Answer[] = [];
  for (const file of files) {
    const answer: Answer = { file, found: 'missing' };
    answers.push(answer);
    const attempted = () =>
      `read ${printable(deliveredPath(file))} below ${expected.owner.path}/${expected.dir}`;
    stopIfAborted(expected.signal, attempted());
    const dir = await walk.at(placeOf(expected.dir, file));
    if (dir === undefined) continue;
    const comparing = await onDisk(begin(dir, answer, expected), attempted);
    if (comparing === undefined) continue;
    if (file.size > PIECE) await onDisk(comparing(), attempted);
    else await reading.add(onDisk(comparing(), attempted));
  }
  await reading.done();
  return answers;
}

/** Answers at once, or opens the file and leaves the reading to be done, for which the directory is not needed. */
async function begin(
  dir: FileHandle,
  answer: Answer,
  expected: Expected,
): Promise<(() => Promise<void>) | undefined> {
  const { file } = answer;
  if (expected.hashes === undefined) {
    answer.found = await compareSize(dir, file);
    return undefined;
  }
  const handle = await openFile(dir, nameThere(file));
  if (typeof handle !== 'string') {
    return async () => {
      answer.found = await compareContent(handle, file, expected);
    };
  }
  answer.found = handle;
  return undefined;
}

/** The directory of a file's place, below the owner's directory. */
export function placeOf(dir: string, file: PlannedFile): string {
  const parent = parentOf(deliveredPath(file));
  return parent === '' ? dir : `${dir}/${parent}`;
}

/** The file's name in the directory of its place. */
export const nameThere = (file: PlannedFile): string => nameOf(deliveredPath(file));

async function compareSize(dir: FileHandle, file: PlannedFile): Promise<Found> {
  try {
    const stats = await lstat(inDir(dir, nameThere(file)));
    if (!stats.isFile()) return 'not a file';
    return stats.size === file.size ? 'same' : 'other size';
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT') return 'missing';
    throw thrown;
  }
}

async function compareContent(handle: FileHandle, file: PlannedFile, expected: Expected): Promise<Found> {
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) return 'not a file';
    if (stats.size !== file.size) return 'other size';
    const hash = await sha256Of(handle, file.size, expected.signal);
    if (hash !== expected.hashes?.get(file.path)) return 'other content';
    if (expected.flush === true) await handle.sync();
    return 'same';
  } finally {
    await handle.close();
  }
}

async function openFile(dir: FileHandle, name: string): Promise<FileHandle | 'missing' | 'not a file'> {
  try {
    return await open(inDir(dir, name), READ);
  } catch (thrown) {
    const errno = errnoName(thrown);
    if (errno === 'ENOENT') return 'missing';
    // O_NOFOLLOW on a symbolic link; a socket cannot be opened (open(2)).
    if (errno === 'ELOOP' || errno === 'ENXIO') return 'not a file';
    throw thrown;
  }
}

/** Of the first `size` bytes; the next piece is on its way while the last one is hashed. */
async function sha256Of(handle: FileHandle, size: number, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  let current = Buffer.allocUnsafe(Math.min(size, PIECE));
  let next = Buffer.allocUnsafe(current.length);
  let left = size;
  let length = await readPiece(handle, current, left);
  while (length > 0) {
    stopIfAborted(signal, 'read a delivered file');
    left -= length;
    const coming = readPiece(handle, next, left);
    hash.update(current.subarray(0, length));
    length = await coming;
    [current, next] = [next, current];
  }
  return hash.digest('hex');
}

/** Bytes read; 0 at the end, which a file that became shorter reaches early: its hash tells. */
async function readPiece(handle: FileHandle, buffer: Buffer, left: number): Promise<number> {
  if (left === 0) return 0;
  return (await handle.read(buffer, 0, Math.min(buffer.length, left), null)).bytesRead;
}
