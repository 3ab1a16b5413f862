import { dirname, join, resolve } from 'node:path';
import { readerCache } from '../core/reader-cache.ts';
import { below, OPEN_DIRS, readerFlags } from '../core/reader-flags.ts';

/** What a reading process does besides reading its share with one thread. */
export type Needs = {
  readonly threads?: boolean;
  /** It looks at what lies around the root or behind links, too; it opens nothing there. */
  readonly surroundings?: boolean;
  readonly nodeOptions?: readonly string[];
};

/** How `fork` starts a process that may do so much and no more. */
export type Confined = {
  readonly execPath: string;
  readonly execArgv: string[];
  readonly env: NodeJS.ProcessEnv;
};

/**
 * Where a root leads is found out by the process itself, before it becomes Node: it may be a link, Node wants the place
 * behind it, and nobody else may touch a share that perhaps hangs.
 */
const ENTER = `node=$1 root=$2; shift 2
if cd -P -- "$root" 2>/dev/null; then set -- "--allow-fs-read=\${PWD%/}/*" "$@"; cd /; fi
exec "$node" "$@"`;

/** A process that runs `module` of ours, reads the share at `root`, and is refused everything else. */
export function confine(module: string, root: string, needs: Needs): Confined {
  const src = dirname(dirname(module));
  const cache = readerCache();
  const flags = readerFlags({
    read: [
      ...(needs.surroundings ? ['*'] : [below(resolve(root)), OPEN_DIRS]),
      ...[below(src), join(dirname(src), 'package.json'), ...cache.dirs.map(below)],
    ],
    write: cache.dirs.map(below),
    threads: needs.threads ?? false,
  });
  return {
    execPath: '/bin/sh',
    execArgv: ['-c', ENTER, 'sh', process.execPath, root, ...flags, ...(needs.nodeOptions ?? [])],
    env: cache.env,
  };
}
