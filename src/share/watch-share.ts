import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { IngestError } from '../core/errors.ts';
import { type SharePath, sharePath } from '../core/share-path.ts';
import { checkReader, type ScanTarget, type ShareChild, startShareChild } from './share-child.ts';
import type { WatchLine, WatchRequest } from './watch-child.ts';

/** How a share is watched. Polling asks each directory again and again, instead of waiting for the kernel. */
export type WatchOptions = {
  readonly mode: 'auto' | 'polling';
  /** Levels of directories below the root. */
  readonly depth: number;
  /** Most directories watched at once. */
  readonly limit: number;
  /** How often polling asks, ms. */
  readonly pollMs: number;
  readonly signal: AbortSignal;
};

/** `watching`: from here on events come. `off`: they never will, on that file system. */
export type WatchEvent =
  | Extract<WatchLine, { kind: 'watching' | 'off' }>
  | { readonly kind: 'changed'; readonly dirs: readonly SharePath[] };

/** New objects die young there: without it chokidar's first walk takes half as much memory again (measured). */
const NEEDS = { surroundings: true, nodeOptions: ['--max-semi-space-size=1'] };

/**
 * The directories of a share in which something happens, as a hint: events get lost and may lie. Ends after `off` and
 * when the signal is aborted. Fails with WATCH_LIMIT (the system has no more watches) or WATCH_ENDED; then it is over.
 */
export async function* watchShare(
  target: ScanTarget,
  { mode, depth, limit, pollMs, signal }: WatchOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  checkReader(target);
  if (signal.aborted) return;
  const { root, readAs } = target;
  const request: WatchRequest = {
    ...{ root, readAs, depth, limit },
    pollMs: mode === 'polling' ? pollMs : undefined,
  };
  const child = startShareChild('watch-child', 1, request, NEEDS);
  const stop = (): void => child.stop();
  signal.addEventListener('abort', stop, { once: true });
  child.process.once('error', stop);
  try {
    for await (const line of linesOf(child)) {
      if (line.kind === 'failed') throw notWatching(target, line.errno, line.message);
      yield line.kind === 'changed' ? { kind: 'changed', dirs: pathsOf(line.dirs) } : line;
      if (line.kind === 'off') return;
    }
    throw notWatching(target, undefined, await endOf(child));
  } catch (thrown) {
    // The pipe was closed under our hands because nobody wants the events any more.
    if (!signal.aborted) throw thrown;
  } finally {
    signal.removeEventListener('abort', stop);
    child.stop();
  }
}

async function* linesOf({ pipes: [pipe] }: ShareChild): AsyncGenerator<WatchLine, void, undefined> {
  let rest = '';
  for await (const piece of (pipe as Readable).setEncoding('utf8')) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as WatchLine;
  }
}

async function endOf(child: ShareChild): Promise<string> {
  const { exitCode, signalCode } = child.process;
  const end = exitCode ?? signalCode ?? (await once(child.process, 'exit')).find((value) => value !== null);
  return `the watching process ended (${String(end)}) ${child.complaint()}`.trim();
}

/** Only what can be a directory of the share: everything else would be a lie. */
function pathsOf(dirs: readonly string[]): SharePath[] {
  return dirs.flatMap((dir) => {
    try {
      return [sharePath(dir)];
    } catch {
      return [];
    }
  });
}

/** ENOSPC: no more watches for this user (inotify(7), max_user_watches); EMFILE: no more instances, or open files. */
const LIMITS: readonly (string | undefined)[] = ['ENOSPC', 'EMFILE', 'ENFILE'];

function notWatching({ name, root }: ScanTarget, errno: string | undefined, message: string): IngestError {
  const context = { share: name, root, errno };
  if (LIMITS.includes(errno))
    return new IngestError('WATCH_LIMIT', `watch share ${name} at ${root}: ${message}`, {
      hint: 'The evening sees everything all the same. To watch: raise fs.inotify.max_user_watches and max_user_instances with sysctl, or lower `watch_limit` of the share.',
      context,
    });
  return new IngestError('WATCH_ENDED', `watch share ${name} at ${root}: ${message}`, {
    hint: 'The evening sees everything all the same; Nightjar watches again after it. If it comes again and again, set `watch: off` for the share.',
    context,
  });
}
