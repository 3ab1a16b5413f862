/**
 * The process that listens to a share, so that a hung mount freezes it and not the daemon. Forked by watch-share.ts;
 * writes JSON lines on fd 3. It keeps nothing of the tree but the names of the directories it watches.
 */

import { realpathSync, type Stats, statfsSync, statSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { relative } from 'node:path';
import { watch } from 'chokidar';
import { systemClock } from '../core/clock.ts';
import { becomeReader, type Reader } from './become-reader.ts';
import { chooseDirs } from './choose-dirs.ts';
import { errnoName } from './errno.ts';
import { isLocalFileSystem } from './local-file-system.ts';

export type WatchRequest = {
  readonly root: string;
  /** Undefined: events of the kernel, and only on a file system that has them all. */
  readonly pollMs: number | undefined;
  readonly depth: number;
  readonly limit: number;
  readonly readAs: Reader | undefined;
};

export type WatchLine =
  /** `whole`: every directory down to the depth is watched. */
  | { readonly kind: 'watching'; readonly directories: number; readonly whole: boolean }
  /** The file system does not tell of all changes. */
  | { readonly kind: 'off'; readonly fsType: string }
  /** Paths below the root, '' = the root itself. */
  | { readonly kind: 'changed'; readonly dirs: readonly string[] }
  | { readonly kind: 'failed'; readonly errno: string | undefined; readonly message: string };

/** Events are gathered for so long: a copy of a thousand files into one directory is one line. */
const GATHER_MS = 500;
/** More directories than these are not told of at once; the evening sees them anyway. */
const MOST_GATHERED = 5000;

process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (request) => start(request as WatchRequest));

function start(request: WatchRequest): void {
  flushCompileCache();
  try {
    if (request.readAs !== undefined) becomeReader(request.readAs);
    const { type } = statfsSync(request.root);
    if (request.pollMs !== undefined || isLocalFileSystem(type)) listen(request);
    else end({ kind: 'off', fsType: `0x${type.toString(16)}` });
  } catch (error) {
    fail(error);
  }
}

function listen(request: WatchRequest): void {
  const root = realpathSync(request.root);
  const watched = watchedDirs(root, request);
  const changed = new Set<string>();
  const note = (path: string): void => {
    const dir = relative(root, path);
    if (!dir.startsWith('..') && changed.size < MOST_GATHERED) changed.add(dir);
  };
  const { pollMs } = request;
  watch(root, {
    ignoreInitial: true,
    followSymlinks: false,
    ignorePermissionErrors: true,
    atomic: false,
    depth: request.depth,
    ignored: watched.isIgnored,
    backend: pollMs === undefined ? 'native' : 'polling',
    ...(pollMs === undefined ? {} : { pollingInterval: pollMs, pollingBinaryInterval: pollMs }),
  })
    // The raw event names the directory, so that no file needs to be known: as `watchedPath`, or polled as the path.
    .on('raw', (_event, path, details) =>
      note((details as { watchedPath?: string }).watchedPath ?? path ?? root),
    )
    .on('addDir', note)
    .on('unlinkDir', (path) => {
      if (path === root) fail(Object.assign(new Error('the root of the share went away'), { errno: -2 }));
      watched.forget(path);
    })
    .on('error', fail)
    .on('ready', () => {
      watched.open();
      say({ kind: 'watching', directories: watched.count(), whole: watched.isWhole() });
    });
  void reportAll(changed);
}

/** Which directories are watched: those chosen at the start, and new ones while there is room for them. */
function watchedDirs(root: string, { depth, limit }: WatchRequest) {
  const device = statSync(root).dev;
  // Half of the room is for what appears later: that is where instruments write.
  const most = Math.ceil(limit / 2);
  const all = chooseDirs(root, { depth, most: most + 1 });
  const dirs = new Set(all.slice(0, most));
  let isOpen = false;
  const isNew = (dir: string, stats: Stats | undefined): boolean => {
    if (!isOpen || dir.split('/').length > depth || dirs.size >= limit) return false;
    if (stats === undefined) return true;
    if (!stats.isDirectory() || stats.dev !== device) return false;
    dirs.add(dir);
    return true;
  };
  return {
    isIgnored: (path: string, stats?: Stats): boolean => {
      const dir = relative(root, path);
      return dir !== '' && !dirs.has(dir) && (dir.startsWith('..') || !isNew(dir, stats));
    },
    forget: (path: string): boolean => dirs.delete(relative(root, path)),
    open: (): void => {
      isOpen = true;
    },
    count: (): number => dirs.size + 1,
    isWhole: (): boolean => all.length <= most,
  };
}

async function reportAll(changed: Set<string>): Promise<never> {
  for (;;) {
    await systemClock.sleep(GATHER_MS);
    if (changed.size === 0) continue;
    say({ kind: 'changed', dirs: [...changed] });
    changed.clear();
  }
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  end({ kind: 'failed', errno: errnoName(error), message });
}

function end(line: WatchLine): void {
  say(line);
  process.exit();
}

function say(line: WatchLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(3, bytes, at);
}
