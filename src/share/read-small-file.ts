import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { errnoName } from './errno.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A small file as it was found; without `content` there is a `problem`. Base64, as it goes over a pipe. */
export type SmallFile = {
  readonly rawName: string;
  readonly size: number;
  readonly mtimeNs: string;
  readonly content?: string;
  readonly problem?: string;
  readonly offline?: true;
};

type Expected = {
  readonly mostBytes: number;
  /** One that is only called alike is not read. */
  readonly onlyCalled?: string;
};

/**
 * Reads the small file `rawName` of a directory below the working directory (binary strings both). Step by step
 * without following a link, a regular file on the share's own file system only, never one that has no blocks on disk
 * (opening a tape stub would recall it). Undefined: it is gone. Throws nothing about the share; a problem is part of
 * the answer.
 */
export function readSmallFile(
  dev: bigint,
  dir: string,
  rawName: string,
  expected: Expected,
): SmallFile | undefined {
  try {
    const dirFd = openDir(dev, dir);
    try {
      return readAt(dev, `/proc/self/fd/${dirFd}/`, rawName, expected);
    } finally {
      closeSync(dirFd);
    }
  } catch (error) {
    const errno = errnoName(error);
    if (errno === undefined) throw error;
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    return { ...NO_FACTS, rawName, problem: `it cannot be read (${errno})` };
  }
}

const NO_FACTS = { size: 0, mtimeNs: '0' };

/** The directory's number, every part of it opened by itself. */
function openDir(dev: bigint, dir: string): number {
  let fd = openSync('.', O_RDONLY | O_DIRECTORY);
  try {
    for (const part of dir === '' ? [] : dir.split('/')) {
      const below = openSync(
        Buffer.from(`/proc/self/fd/${fd}/${part}`, 'latin1'),
        O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
      );
      closeSync(fd);
      fd = below;
    }
    if (fstatSync(fd, { bigint: true }).dev === dev) return fd;
    throw Object.assign(new Error('another file system'), { errno: -osConstants.errno.EXDEV });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function readAt(dev: bigint, prefix: string, rawName: string, expected: Expected): SmallFile {
  const path = Buffer.from(prefix + rawName, 'latin1');
  const seen = lstatSync(path, { bigint: true });
  const facts = { rawName, size: Number(seen.size), mtimeNs: String(seen.mtimeNs) };
  const odd = oddity(seen, dev, rawName, expected);
  if (odd !== undefined) return { ...facts, ...odd };
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const before = fstatSync(fd, { bigint: true });
    const content = isSame(seen, before) ? readUpTo(fd, expected.mostBytes + 1) : undefined;
    const isWhole = content !== undefined && BigInt(content.length) === seen.size;
    return isWhole && isSame(seen, fstatSync(fd, { bigint: true }))
      ? { ...facts, content: content.toString('base64') }
      : { ...facts, problem: 'it changed while it was read' };
  } finally {
    closeSync(fd);
  }
}

type Oddity = Pick<SmallFile, 'problem' | 'offline'>;

/** Why the file is not even opened. */
function oddity(
  stats: BigIntStats,
  dev: bigint,
  rawName: string,
  { mostBytes, onlyCalled }: Expected,
): Oddity | undefined {
  if (stats.isSymbolicLink()) return { problem: 'it is a symbolic link: links are never followed' };
  if (stats.isDirectory()) return { problem: 'it is a directory, expected a file' };
  if (!stats.isFile()) return { problem: 'it is not a regular file' };
  if (stats.dev !== dev) return { problem: 'it lies on another file system' };
  // What is only called alike is told by its name: there is no need to read it.
  if (onlyCalled !== undefined && rawName !== onlyCalled)
    return { problem: `it is not called ${onlyCalled}` };
  if (stats.size > BigInt(mostBytes))
    return { problem: `it has ${stats.size} bytes, expected at most ${mostBytes}` };
  if (stats.blocks === 0n && stats.size > 0n)
    return {
      problem: 'its content is not on disk but on tape; it is not opened, as that would recall it',
      offline: true,
    };
  return undefined;
}

const isSame = (a: BigIntStats, b: BigIntStats): boolean =>
  a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && b.isFile();

function readUpTo(fd: number, most: number): Buffer {
  const into = Buffer.alloc(most);
  let length = 0;
  for (;;) {
    const bytes = readSync(fd, into, length, most - length, null);
    length += bytes;
    if (bytes === 0 || length === most) return into.subarray(0, length);
  }
}
