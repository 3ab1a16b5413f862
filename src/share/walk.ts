import { errnoName } from './errno.ts';
import { flush } from './frames.ts';
import { type Looker, lookAtDir, lstatBelow, tellControlOnTheWay, writeUnknown } from './look-at-dir.ts';
import { readNames, tryNames } from './read-names.ts';
import { namesAgain } from './second-witness.ts';
import { donateItems, takeItems, type WorkItem, type WorkPool } from './work-pool.ts';

/** Names that a thread keeps for directories it will look at later; above this it reads them a second time. */
const MOST_KEPT_NAMES = 200_000;

/**
 * One thread's part of the walk of the whole share. A directory's names are read while its parent is looked at, so
 * that the parent's listing can say when it cannot be listed. No recursion: depth costs no stack. Throws the system's
 * error when the root cannot be listed; a directory that cannot be listed a second time has an unknown look.
 */
export function walkShare(looker: Looker, pool: WorkPool, thread: number): void {
  let items: WorkItem[] = thread === 0 ? [{ dir: '', names: readNames('') }] : [];
  let kept = countNames(items);
  const keep = (dir: string, names: readonly string[]): void => {
    const keeps = kept + names.length <= MOST_KEPT_NAMES;
    if (keeps) kept += names.length;
    items.push({ dir, names: keeps ? names : undefined });
  };
  for (;;) {
    const item = items.pop();
    if (item !== undefined) {
      kept -= item.names?.length ?? 0;
      lookAtItem(looker, item, keep);
      if (donateItems(pool, thread, items)) kept = countNames(items);
      continue;
    }
    flush(looker.out);
    const taken = takeItems(pool, thread);
    if (taken === undefined) return;
    items = taken;
    kept = countNames(items);
  }
}

function lookAtItem(looker: Looker, { dir, names }: WorkItem, onDir: Parameters<typeof lookAtDir>[2]): void {
  let at = '';
  const found = namesAgain(dir, () => {
    at = looker.trail.enter(dir);
    return names ?? readNames(at);
  });
  if (found === undefined) return;
  if ('error' in found) writeUnknown(looker, dir, found.error);
  else lookAtDir(looker, { dir, at, names: found.names }, onDir);
}

const countNames = (items: readonly WorkItem[]): number =>
  items.reduce((sum, item) => sum + (item.names?.length ?? 0), 0);

/**
 * One thread's part of a look at given directories only; `next` (shared memory) is the first that nobody took yet.
 * A directory that is proven to be gone has an empty look; one that cannot be looked at has an unknown one.
 */
export function lookAtDirs(
  looker: Looker,
  dirs: readonly string[],
  next: Int32Array<SharedArrayBuffer>,
): void {
  // What is asked for is looked at anyway, and so is its control file.
  const told = new Set(dirs);
  const passed = (dir: string): void => {
    if (told.has(dir)) return;
    told.add(dir);
    tellControlOnTheWay(looker, dir);
  };
  for (let at = Atomics.add(next, 0, 1); at < dirs.length; at = Atomics.add(next, 0, 1)) {
    const dir = dirs[at] ?? '';
    const found = findDir(looker, dir, passed);
    if ('error' in found) writeUnknown(looker, dir, found.error);
    else lookAtDir(looker, { dir, ...found }, () => undefined);
  }
}

/** The names in a directory, and where it was entered without leaving the file system; none when it is gone. */
function findDir(
  looker: Looker,
  dir: string,
  passed: (dir: string) => void,
): { names: readonly string[]; at: string } | { error: string } {
  let parent = '';
  for (const part of dir === '' ? [] : dir.split('/')) {
    passed(parent);
    const is = lookAtPart(looker, parent, part);
    if (is === 'gone') return { names: [], at: '' };
    if (is !== 'directory') return { error: is };
    parent = parent === '' ? part : `${parent}/${part}`;
  }
  let at = '';
  const found = tryNames(dir, () => {
    at = looker.trail.enter(dir);
    return readNames(at);
  });
  return 'error' in found ? found : { names: found.names, at };
}

/** 'directory', 'gone', or the errno name of why it is not known. */
function lookAtPart(looker: Looker, parent: string, part: string): string {
  try {
    const at = looker.trail.enter(parent);
    const stats = lstatBelow(at + part);
    if (stats === undefined) {
      // Two witnesses: network file systems have answered ENOENT for what was only out of reach for a moment.
      return readNames(at).includes(part) ? 'ENOENT' : 'gone';
    }
    if (!stats.isDirectory()) return 'gone';
    return stats.dev === looker.root.dev ? 'directory' : 'EXDEV';
  } catch (error) {
    const name = errnoName(error);
    if (name === undefined) throw error;
    return name;
  }
}
