import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';

/**
 * Refuses (CONFIG_INVALID) a destination or state directory that lies inside a share, or holds one, once links are
 * followed: the configuration compares names only, and Nightjar never writes to a share.
 */
export function checkPlaces(config: Config): void {
  const written = [
    { what: 'the state directory', place: config.stateDir },
    ...config.destinations.flatMap((one) =>
      one.kind === 'directory' ? [{ what: `destination ${one.name}`, place: one.root }] : [],
    ),
  ];
  for (const share of config.shares) {
    const root = realRoot(share.root);
    for (const { what, place } of written) {
      const real = realPath(place);
      if (!isWithin(real, root) && !isWithin(root, real)) continue;
      throw new IngestError(
        'CONFIG_INVALID',
        `${what} (${real}) and share ${share.name} (${root}) lie inside each other`,
        {
          hint: 'Put it outside of the share: Nightjar never writes to a share. Links were followed to find this.',
        },
      );
    }
  }
}

/**
 * The same of a share's root, without a question to the share itself: one that hangs would freeze us with it. Reading a
 * link asks nothing of what is mounted there.
 */
export function realRoot(root: string): string {
  const place = join(realPath(dirname(root)), basename(root));
  try {
    return realRoot(resolve(dirname(place), readlinkSync(place)));
  } catch {
    return place;
  }
}

/** The path with all links followed, as far as it exists. */
export function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPath(parent), relative(parent, path));
}

export function isWithin(inner: string, outer: string): boolean {
  const way = relative(outer, inner);
  return way === '' || (!way.startsWith('..') && !way.startsWith('/'));
}
