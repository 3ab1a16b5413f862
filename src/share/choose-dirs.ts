import { lstatSync, opendirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errnoName } from './errno.ts';

export type Bounds = {
  /** Levels of directories below the root. */
  readonly depth: number;
  /** Most directories, the root not counted. */
  readonly most: number;
};

/**
 * The directories worth watching, as paths below `root`: level by level from the top, on each level those that changed
 * last come first, on the root's own file system only. Names that are not UTF-8 are left out.
 */
export function chooseDirs(root: string, { depth, most }: Bounds): string[] {
  const device = lstatSync(root).dev;
  const chosen: string[] = [];
  let level = [''];
  for (let deep = 0; deep < depth && level.length > 0 && chosen.length < most; deep++) {
    const below = level.flatMap((dir) => subDirs(root, dir, device));
    below.sort((a, b) => b.changedAt - a.changedAt);
    level = below.slice(0, most - chosen.length).map(({ path }) => path);
    chosen.push(...level);
  }
  return chosen;
}

type Found = { readonly path: string; readonly changedAt: number };

function subDirs(root: string, dir: string, device: number): Found[] {
  const found: Found[] = [];
  const handle = tryCall(() => opendirSync(join(root, dir)));
  if (handle === undefined) return found;
  try {
    // One entry at a time: a directory of a million files costs no memory.
    for (let entry = handle.readSync(); entry !== null; entry = handle.readSync()) {
      if (!entry.isDirectory()) continue;
      const path = join(dir, entry.name);
      const stats: Stats | undefined = tryCall(() => lstatSync(join(root, path)));
      if (stats?.isDirectory() === true && stats.dev === device)
        found.push({ path, changedAt: stats.mtimeMs });
    }
  } finally {
    handle.closeSync();
  }
  return found;
}

/** What cannot be seen is not watched; the evening says why. */
function tryCall<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (errnoName(error) === undefined) throw error;
    return undefined;
  }
}
