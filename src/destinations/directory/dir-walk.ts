import { constants } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { encodeBytes, printable } from '../../core/share-path.ts';
import { errnoName, onDisk } from './disk-error.ts';

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const MODE = 0o750;

/** An open directory and its path for people. */
export type HeldDir = { readonly handle: FileHandle; readonly path: string };

/**
 * `find`: a directory that is missing is answered with undefined. `make`: it is made (0750). `keep`: made, and every
 * directory is flushed to disk when it is left, so that after `finish` its names survive a power cut.
 */
export type WalkMode = 'find' | 'make' | 'keep';

/** The path of one name in an open directory. Reached through the handle, so nothing above it can be swapped. */
export function inDir(dir: FileHandle, name: string): Buffer {
  // Linux openat(2) without openat: /proc/self/fd/N is the open directory itself, wherever it was moved (proc(5)).
  return Buffer.concat([Buffer.from(`/proc/self/fd/${dir.fd}/`), encodeBytes(name)]);
}

/**
 * Goes from directory to directory below a base, one name at a time and never through a symbolic link, and keeps the
 * way to the last one open: neighbours in sorted order cost nothing. Fails with TARGET_CONFLICT where something that
 * is not a directory is in the way. The base belongs to the caller.
 */
export class DirWalk {
  readonly #base: HeldDir;
  readonly #mode: WalkMode;
  readonly #way: { readonly name: string; readonly handle: FileHandle }[] = [];
  #missing: string | undefined;

  constructor(base: HeldDir, mode: WalkMode) {
    this.#base = base;
    this.#mode = mode;
  }

  /** The directory of that '/'-separated path below the base; open until another one is asked for. */
  async at(dir: string): Promise<FileHandle | undefined> {
    if (this.#missing !== undefined && `${dir}/`.startsWith(`${this.#missing}/`)) return undefined;
    const parts = dir === '' ? [] : dir.split('/');
    let same = 0;
    while (same < this.#way.length && this.#way[same]?.name === parts[same]) same += 1;
    await this.#leave(same);
    for (const name of parts.slice(same)) {
      const handle = await this.#enter(name);
      if (handle === undefined) {
        this.#missing = [...this.#way.map((step) => step.name), name].join('/');
        return undefined;
      }
      this.#way.push({ name, handle });
    }
    return this.#here();
  }

  /** `at` for the modes that make what is missing. */
  async into(dir: string): Promise<FileHandle> {
    const handle = await this.at(dir);
    if (handle === undefined) throw new TypeError('a walk that only finds was asked to make a directory');
    return handle;
  }

  /** Leaves everything; in mode `keep` all names made or met are on disk afterwards. */
  async finish(): Promise<void> {
    await this.#leave(0);
    if (this.#mode === 'keep') await onDisk(this.#base.handle.sync(), () => `flush ${this.#base.path}`);
  }

  /** Lets go without flushing: after a failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const step of this.#way.splice(0)) await step.handle.close();
  }

  #here(): FileHandle {
    return this.#way.at(-1)?.handle ?? this.#base.handle;
  }

  #pathOf(name: string): string {
    return printable([this.#base.path, ...this.#way.map((step) => step.name), name].join('/'));
  }

  async #enter(name: string): Promise<FileHandle | undefined> {
    const path = inDir(this.#here(), name);
    const opening = () => `open the directory ${this.#pathOf(name)}`;
    const there = await openIfThere(path, opening);
    if (there !== undefined || this.#mode === 'find') return there;
    await onDisk(makeDir(path), () => `make the directory ${this.#pathOf(name)}`);
    const made = await onDisk(open(path, DIRECTORY), opening);
    await onDisk(allowGroup(made), opening);
    return made;
  }

  async #leave(depth: number): Promise<void> {
    while (this.#way.length > depth) {
      const step = this.#way.pop();
      if (step === undefined) return;
      const { handle, name } = step;
      try {
        if (this.#mode === 'keep') await onDisk(handle.sync(), () => `flush ${this.#pathOf(name)}`);
      } finally {
        await handle.close();
      }
    }
  }
}

async function openIfThere(path: Buffer, opening: () => string): Promise<FileHandle | undefined> {
  return await onDisk(
    open(path, DIRECTORY).catch((thrown: unknown) => {
      if (errnoName(thrown) === 'ENOENT') return undefined;
      throw thrown;
    }),
    opening,
  );
}

async function makeDir(path: Buffer): Promise<void> {
  try {
    await mkdir(path, MODE);
  } catch (thrown) {
    if (errnoName(thrown) !== 'EEXIST') throw thrown;
  }
}

/** The umask of a service is often 0077; a delivered copy is for the group too. Set-group-id bits stay. */
async function allowGroup(dir: FileHandle): Promise<void> {
  const { mode } = await dir.stat();
  if ((mode & 0o777) !== MODE) await dir.chmod((mode & 0o7000) | MODE);
}
