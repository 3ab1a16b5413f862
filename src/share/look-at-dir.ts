import { accessSync, type BigIntStats, constants, lstatSync, statSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { CONTROL_FILE, isControlName } from '../core/control.ts';
import { appendEntry, isAscii, type RawEntry } from '../core/listing.ts';
import type { EntryKind } from '../core/model.ts';
import type { NameOf } from './account-names.ts';
import { DirTrail, namesIn } from './dir-trail.ts';
import { errnoName } from './errno.ts';
import { beginLook, endLook, type FrameWriter, type ScanTotals, sayAlive, writeControl } from './frames.ts';
import { readRawControl } from './read-control.ts';
import { rethrow, syscallPath, tryNames } from './read-names.ts';
import { type Me, refusedBecause } from './rights.ts';
import { saysNotThere, witnessOf } from './second-witness.ts';

/**
 * The calls that look at a share. Only names and `lstat`: opening a file could recall it from tape. Names and paths
 * are "binary strings" here, one character for each byte ('latin1'): lossless, small, and ordered like the bytes. The
 * share's root is the process's working directory: short paths are looked up faster.
 */
export type Looker = {
  /** What the root was when the scan began. */
  readonly root: { readonly dev: bigint; readonly ino: bigint };
  readonly me: Me;
  readonly trail: DirTrail;
  /** Whether entries carry their uid and gid: only where a rule asks for them, as it makes every listing longer. */
  readonly withIds: boolean;
  readonly out: FrameWriter;
  readonly totals: { -readonly [K in keyof ScanTotals]: ScanTotals[K] };
};

/** Called with each sub-directory that could be listed. */
type OnDir = (dir: string, names: readonly string[]) => void;

/** A directory to look at: its path below the root, where its thread has entered it, and its names. */
export type EnteredDir = { readonly dir: string; readonly at: string; readonly names: readonly string[] };

/** One name: its path for a system call (as bytes if it must be), itself, the path of its directory below the root with '/' behind it, and whether that lists a name now. */
type Place = {
  readonly path: string | Buffer;
  readonly at: string;
  readonly name: string;
  readonly prefix: string;
  readonly isListed: (name: string) => boolean;
};

/** Names that are asked together whether they are ASCII; more would make one enormous string. */
const MOST_JOINED_NAMES = 10_000;

/** Every how many entries a thread considers saying that it lives. */
const ALIVE_EVERY = 256;

export function createLooker(out: FrameWriter, withIds: boolean, nameOf: NameOf): Looker {
  const { dev, ino } = statSync('.', { bigint: true });
  const groups = new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])]);
  return {
    root: { dev, ino },
    me: { uid: process.geteuid?.() ?? 0, groups, nameOf },
    trail: new DirTrail(),
    withIds,
    out,
    totals: { dirs: 0, files: 0, bytes: 0, excluded: 0, unreadable: 0 },
  };
}

/** Throws when at `rootPath` is not what was there at the start: what was seen since then means nothing. */
export function checkRoot(looker: Looker, rootPath: string): void {
  const { dev, ino } = statSync(rootPath, { bigint: true });
  if (dev === looker.root.dev && ino === looker.root.ino) return;
  throw Object.assign(new Error('another file system or directory took its place during the scan'), {
    errno: -osConstants.errno.ESTALE,
  });
}

/**
 * Looks at every name of a directory and writes the look. A sub-directory is not an entry unless it cannot be listed
 * or is another file system; every other one goes to `onDir` with its names.
 */
export function lookAtDir(looker: Looker, { dir, at, names }: EnteredDir, onDir: OnDir): void {
  const { out, totals } = looker;
  const prefix = dir === '' ? '' : `${dir}/`;
  // Asked once for all: most directories have ASCII names only, and then no name need be asked.
  const allPlain = names.length <= MOST_JOINED_NAMES && isAscii(names.join(''));
  tellControl(looker, dir, names);
  const isListed = witnessOf(prefix, at);
  const start = beginLook(out, dir);
  let files = 0;
  let bytes = 0;
  let untilAlive = ALIVE_EVERY;
  for (const name of sorted(names)) {
    const isPlain = allPlain || isAscii(name);
    const path = isPlain ? at + name : Buffer.from(at + name, 'latin1');
    const entry = lookAt(looker, { path, at, name, prefix, isListed }, onDir);
    if (--untilAlive === 0) {
      untilAlive = ALIVE_EVERY;
      sayAlive(out);
    }
    if (entry === undefined) continue;
    appendEntry(out.sink, entry, isPlain);
    files += 1;
    bytes += entry.size;
    count(totals, entry.kind);
  }
  endLook(out, start, files, bytes);
  totals.dirs += 1;
  totals.files += files;
  totals.bytes += bytes;
}

/** Tells of the directory's control file, if it has one. One misspelt name is enough to hold the directory. */
function tellControl(looker: Looker, dir: string, names: readonly string[]): void {
  const like = names.filter(isControlName);
  const name = like.find((one) => one !== CONTROL_FILE) ?? like[0];
  // Listed and yet not there: that is not known then, and what was known of it stays.
  if (name !== undefined) writeControl(looker.out, dir, readRawControl(looker.root.dev, dir, name));
}

/** The same of a directory that is only passed on the way to another; that there is none is not concluded from it. */
export function tellControlOnTheWay(looker: Looker, dir: string): void {
  const found = readRawControl(looker.root.dev, dir, CONTROL_FILE);
  if (found !== undefined) writeControl(looker.out, dir, found);
}

/** The look at a directory of which nothing can be known: one entry without a name. */
export function writeUnknown(looker: Looker, dir: string, error: string): void {
  const start = beginLook(looker.out, dir);
  appendEntry(looker.out.sink, { ...NOTHING, rawName: '', kind: 'unreadable-dir', error });
  endLook(looker.out, start, 1, 0);
  looker.totals.dirs += 1;
  looker.totals.files += 1;
  looker.totals.unreadable += 1;
}

/** `lstat` of a path below the root; undefined when there is nothing. Throws on every other failure. */
export function lstatBelow(path: string): BigIntStats | undefined {
  return lstatSync(syscallPath(path), LSTAT);
}

const LSTAT = { bigint: true, throwIfNoEntry: false } as const;
const NOTHING = { size: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };

function lookAt(looker: Looker, place: Place, onDir: OnDir): RawEntry | undefined {
  const { path, at, name, prefix, isListed } = place;
  let stats: BigIntStats | undefined;
  try {
    stats = lstatSync(path, LSTAT);
  } catch (error) {
    const errno = errnoName(error) ?? rethrow(error);
    return { ...NOTHING, rawName: name, kind: 'unreadable', error: whyNotEntered(looker.me, errno, prefix) };
  }
  if (stats === undefined)
    return isListed(name) ? { ...NOTHING, rawName: name, kind: 'unreadable', error: 'ENOENT' } : undefined;
  const mode = Number(stats.mode);
  const type = mode & constants.S_IFMT;
  if (type === constants.S_IFREG) return withIds(looker, fileEntry(looker.me, path, name, stats), stats);
  if (type !== constants.S_IFDIR) {
    return entryOf(name, type === constants.S_IFLNK ? 'symlink' : 'special', stats, 0);
  }
  if (stats.dev !== looker.root.dev) return entryOf(name, 'other-file-system', stats, 0);
  const below = tryNames(at + name, namesIn);
  if ('names' in below) {
    onDir(prefix + name, below.names);
    return undefined;
  }
  if (saysNotThere(below.error) && !isListed(name)) return undefined;
  const error = refusedBecause(below.error, looker.me, stats, { bits: 'rx', of: 'itself' });
  return { ...entryOf(name, 'unreadable-dir', stats, 0), error };
}

function withIds(looker: Looker, entry: RawEntry, { uid, gid }: BigIntStats): RawEntry {
  return looker.withIds ? { ...entry, uid: Number(uid), gid: Number(gid) } : entry;
}

function fileEntry(me: Me, path: string | Buffer, name: string, stats: BigIntStats): RawEntry {
  const size = Number(stats.size);
  if (mayRead(me, stats) || accessAllows(path)) return entryOf(name, 'file', stats, size);
  const error = refusedBecause('EACCES', me, stats, { bits: 'r', of: 'itself' });
  return { ...entryOf(name, 'unreadable', stats, size), error };
}

/** The names in a directory can be listed without the right to enter it: then it is the directory that lacks something. */
function whyNotEntered(me: Me, errno: string, prefix: string): string {
  const folder = lstatBelow(prefix === '' ? '.' : prefix.slice(0, -1));
  return folder === undefined ? errno : refusedBecause(errno, me, folder, { bits: 'x', of: 'folder' });
}

function entryOf(rawName: string, kind: EntryKind, stats: BigIntStats, size: number): RawEntry {
  return { rawName, kind, size, mtimeNs: stats.mtimeNs, ctimeNs: stats.ctimeNs, ino: stats.ino };
}

/** What the permission bits say; they alone, for an access(2) on every file would cost as much as the look. */
function mayRead(me: Me, stats: BigIntStats): boolean {
  const mode = Number(stats.mode);
  if ((mode & 0o444) === 0o444) return true;
  if (Number(stats.uid) === me.uid) return (mode & 0o400) !== 0;
  return (mode & (me.groups.has(Number(stats.gid)) ? 0o040 : 0o004)) !== 0;
}

/** Asked only when the bits say no: access lists, capabilities and the file server may say yes. */
function accessAllows(path: string | Buffer): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function count(totals: Looker['totals'], kind: EntryKind): void {
  switch (kind) {
    case 'file':
      return;
    case 'symlink':
    case 'special':
    case 'other-file-system':
      totals.excluded += 1;
      return;
    case 'unreadable':
    case 'unreadable-dir':
      totals.unreadable += 1;
  }
}

/** Binary strings in the order of their bytes: the engine's own order, which it sorts by without calling us. */
const sorted = (names: readonly string[]): string[] => {
  // oxlint-disable-next-line typescript/require-array-sort-compare -- a comparison of ours would be the same, and slower
  return names.toSorted();
};
