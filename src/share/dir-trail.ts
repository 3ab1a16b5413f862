import { closeSync, constants, openSync } from 'node:fs';
import { readNames, syscallPath } from './read-names.ts';

const { O_DIRECTORY, O_NOFOLLOW } = constants;
/** Only the place is taken: nothing is asked of the file server, no right but to pass through is needed (open(2)). */
const O_PATH = 0o10000000;

/**
 * Where a thread stands in the share: every directory on the way is taken by itself in the one before it, and no link is
 * followed, so what is looked at from there cannot be exchanged for something outside of the share. Paths and names are
 * binary strings. The root is the working directory.
 */
export class DirTrail {
  readonly #steps: { readonly name: string; readonly fd: number }[] = [];

  /**
   * What to put before a name in the directory for a system call; '' for the root. Holds until the next call. Throws the
   * system's error, ENOTDIR where a link is on the way.
   */
  enter(dir: string): string {
    const names = dir === '' ? [] : dir.split('/');
    let depth = 0;
    while (depth < names.length && this.#steps[depth]?.name === names[depth]) depth += 1;
    for (const { fd } of this.#steps.splice(depth).toReversed()) closeSync(fd);
    for (const name of names.slice(depth)) this.#steps.push({ name, fd: openPlace(this.#here() + name) });
    return this.#here();
  }

  #here(): string {
    const last = this.#steps.at(-1);
    return last === undefined ? '' : `${placeOf(last.fd)}/`;
  }
}

/** The names in the directory that a path below an entered one leads to, if it is no link; throws the system's error. */
export function namesIn(path: string): string[] {
  const fd = openPlace(path);
  try {
    return readNames(placeOf(fd));
  } finally {
    closeSync(fd);
  }
}

const placeOf = (fd: number): string => `/proc/self/fd/${fd}`;
const openPlace = (path: string): number => openSync(syscallPath(path), O_PATH | O_DIRECTORY | O_NOFOLLOW);
