import { type BigIntStats, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { IngestError, systemCode } from '../core/errors.ts';
import type { PlannedFile } from '../core/model.ts';
import { encodeBytes, printable, type SharePath } from '../core/share-path.ts';
import { isUntouched } from '../core/untouched.ts';
import { closeRead } from './close-read.ts';
import { fileChanged, readFailure } from './read-failure.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** What `fstat` says of an open file, in full. */
export type FileFacts = {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
};

export type OpenedFile = { readonly fd: number; readonly facts: FileFacts };

type OpenDir = { readonly name: string; readonly fd: number };

/**
 * Opens a share's files so that nothing but the planned file can be read: every component by itself below the
 * directory before it, no symbolic link anywhere, only a regular file on the share's own file system. Directories
 * stay open while the next file is in them. Synchronous: it lives in the pack child.
 */
export class SafeOpener {
  readonly #rootFd: number;
  readonly #dev: bigint;
  readonly #trail: OpenDir[] = [];

  /** Throws SHARE_UNREACHABLE when the root cannot be opened. */
  constructor(root: string) {
    try {
      this.#rootFd = openSync(root, O_RDONLY | O_DIRECTORY);
      this.#dev = fstatSync(this.#rootFd, { bigint: true }).dev;
    } catch (cause) {
      throw new IngestError('SHARE_UNREACHABLE', `open the share at ${root}: ${systemCode(cause)}`, {
        hint: 'Check that the share is mounted and that the reading account may enter it.',
        context: { root },
        cause,
      });
    }
  }

  /** Opens the file as it was planned, or throws who acts next: FILE_CHANGED, FILE_VANISHED, FILE_UNREADABLE, … */
  open(file: PlannedFile): OpenedFile {
    try {
      const { dir, name } = split(file.path);
      const fd = openSync(below(this.#descend(dir), name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      return { fd, facts: this.#check(fd, file) };
    } catch (thrown) {
      throw readFailure(thrown, file.path);
    }
  }

  /** What is wrong with the planned file, without opening it; undefined when it is there as planned. */
  look(file: PlannedFile): IngestError | undefined {
    try {
      const { dir, name } = split(file.path);
      this.#compare(lstatSync(below(this.#descend(dir), name), { bigint: true }), file);
      return undefined;
    } catch (thrown) {
      return readFailure(thrown, file.path);
    }
  }

  /** True when a regular file of that name can be seen in the root. */
  hasMarker(name: string): boolean {
    try {
      return lstatSync(below(this.#rootFd, name)).isFile();
    } catch {
      return false;
    }
  }

  /** True when the path still names the file that `facts` tell of. */
  isStillNamed(path: SharePath, facts: FileFacts): boolean {
    const { dir, name } = split(path);
    const now = lstatSync(below(this.#descend(dir), name), { bigint: true });
    return isSame(now, facts);
  }

  close(): void {
    this.#closeTrail(0);
    closeRead(this.#rootFd);
  }

  /** The open directory of these names; what it shares with the one before is not opened again. */
  #descend(names: readonly string[]): number {
    let depth = 0;
    while (depth < names.length && this.#trail[depth]?.name === names[depth]) depth += 1;
    this.#closeTrail(depth);
    for (const name of names.slice(depth)) {
      const parent = this.#trail.at(-1)?.fd ?? this.#rootFd;
      const fd = openSync(below(parent, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      this.#trail.push({ name, fd });
    }
    return this.#trail.at(-1)?.fd ?? this.#rootFd;
  }

  #closeTrail(depth: number): void {
    for (const dir of this.#trail.splice(depth).toReversed()) closeRead(dir.fd);
  }

  #check(fd: number, file: PlannedFile): FileFacts {
    try {
      const stats = fstatSync(fd, { bigint: true });
      this.#compare(stats, file);
      return stats;
    } catch (thrown) {
      closeRead(fd);
      throw thrown;
    }
  }

  #compare(stats: BigIntStats, file: PlannedFile): void {
    if (!stats.isFile()) throw fileChanged(file.path, 'it is no longer a regular file');
    if (stats.dev !== this.#dev) throw fileChanged(file.path, 'another file system is mounted there now');
    // Not the inode and ctime: a remount may change the one, a chmod the other, and the content is still as planned.
    if (stats.size !== BigInt(file.size)) {
      throw fileChanged(file.path, `it has ${stats.size} bytes, ${file.size} were planned`);
    }
    if (stats.mtimeNs !== file.mtimeNs && !isUntouched(stats, file))
      throw fileChanged(file.path, 'it was written again since planning');
  }
}

/** Nothing about the file moved between two looks. */
export function isSame(a: FileFacts, b: FileFacts): boolean {
  return a.dev === b.dev && isUntouched(a, b);
}

function split(path: SharePath): { readonly dir: readonly string[]; readonly name: string } {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  if (name === '' || name === '..' || parts.includes('..')) {
    throw new RangeError(`not a path of a file: ${printable(path)}`);
  }
  return { dir: parts, name };
}

/** The name in an open directory: `openat` in the only form Node has (proc(5), /proc/pid/fd). */
function below(dirFd: number, name: string): string | Buffer {
  const path = `/proc/self/fd/${dirFd}/${name}`;
  return path.isWellFormed() ? path : encodeBytes(path);
}
