import { text } from 'node:stream/consumers';
import type { Clock } from '../core/clock.ts';
import { encodeBytes, type SharePath } from '../core/share-path.ts';
import {
  checkReader,
  childEnded,
  notStarted,
  rootFailure,
  type ScanTarget,
  startShareChild,
} from './share-child.ts';
import type { SidecarAnswer, SidecarRequest } from './sidecar-child.ts';

/** The most that is read of a sidecar: it names a person, it is no data. */
export const MOST_SIDECAR_BYTES = 64 * 1024;

export type SidecarFile = { readonly dir: SharePath; readonly name: string };

/** What a sidecar holds, or why that is not known. */
export type SidecarContent = { readonly content: Buffer } | { readonly problem: string };

export type SidecarOptions = {
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

/**
 * Reads small files in a child process, none of them longer than `MOST_SIDECAR_BYTES`, none that is on tape, and
 * through no link. Fails with SHARE_UNREACHABLE when the share does not answer in time, or the signal's reason.
 */
export async function readSidecars(
  target: ScanTarget,
  files: readonly SidecarFile[],
  { deadlineMs, clock, signal }: SidecarOptions,
): Promise<readonly SidecarContent[]> {
  if (files.length === 0) return [];
  checkReader(target);
  signal.throwIfAborted();
  const request: SidecarRequest = {
    ...{ root: target.root, readAs: target.readAs, mostBytes: MOST_SIDECAR_BYTES },
    files: files.map(({ dir, name }) => ({ dir: raw(dir), name: raw(name) })),
  };
  const child = startShareChild('sidecar-child', 1, request);
  const enough = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    child.process.once('error', (error) => reject(notStarted(target, error)));
    child.process.once('close', (code, killed) =>
      reject(childEnded(target, { code, signal: killed }, child.complaint())),
    );
  });
  const late = clock.sleep(deadlineMs, AbortSignal.any([enough.signal, signal])).then(
    () => Promise.reject(rootFailure(target, 'ETIMEDOUT', `no answer within ${deadlineMs} ms`)),
    (reason: unknown) => Promise.reject(signal.aborted ? signal.reason : reason),
  );
  const [pipe] = child.pipes;
  const answer = pipe === undefined ? ended : text(pipe).then((json) => (json === '' ? ended : json));
  try {
    const found = JSON.parse(await Promise.race([answer, ended, late])) as SidecarAnswer;
    return found.map(contentOf);
  } finally {
    enough.abort();
    child.stop();
  }
}

const raw = (name: string): string => encodeBytes(name).toString('latin1');

function contentOf(found: SidecarAnswer[number]): SidecarContent {
  if (found === null) return { problem: 'it is gone' };
  return found.content === undefined
    ? { problem: found.problem ?? 'it cannot be read' }
    : { content: Buffer.from(found.content, 'base64') };
}
