import type { Clock } from '../core/clock.ts';
import type { SharePath } from '../core/share-path.ts';
import type { OpenRequest } from './open-child.ts';
import { checkReader, type ScanTarget, startShareChild } from './share-child.ts';

export type TryOptions = {
  /** Without any answer for this long the rest counts as not tried. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/** What trying to open a file told, where it was not simply closed: open elsewhere, or no answer. */
export type Tried = 'busy' | 'silent';

/**
 * Tries to open files, read-only and for an instant, in a child process; answers those that another program has open
 * and those of which the share said nothing in time. Throws only the signal's reason.
 */
export async function tryOpen(
  target: ScanTarget,
  paths: readonly SharePath[],
  { deadlineMs, clock, signal }: TryOptions,
): Promise<Map<SharePath, Tried>> {
  checkReader(target);
  signal.throwIfAborted();
  const request: OpenRequest = { root: target.root, paths, readAs: target.readAs };
  const child = startShareChild('open-child', 1, request);
  const enough = new AbortController();
  let said = '';
  let heardAt = clock.monotonic();
  const [pipe] = child.pipes;
  const ended = new Promise<void>((resolve) => {
    child.process.once('error', () => resolve());
    pipe?.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1');
      heardAt = clock.monotonic();
    });
    pipe?.once('close', () => resolve());
  });
  const silence = async (): Promise<void> => {
    const waiting = AbortSignal.any([enough.signal, signal]);
    for (let left = deadlineMs; left > 0; left = heardAt + deadlineMs - clock.monotonic())
      await clock.sleep(left, waiting);
  };
  try {
    await Promise.race([ended, silence()]);
  } finally {
    enough.abort();
    child.stop();
  }
  return triedOf(paths, said);
}

function triedOf(paths: readonly SharePath[], said: string): Map<SharePath, Tried> {
  const tried = new Map<SharePath, Tried>();
  for (const [index, path] of paths.entries()) {
    if (said[index] === 'b') tried.set(path, 'busy');
    else if (said[index] !== '-') tried.set(path, 'silent');
  }
  return tried;
}
