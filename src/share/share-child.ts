import { type ChildProcess, fork } from 'node:child_process';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { IngestError } from '../core/errors.ts';
import type { ShareName } from '../core/ids.ts';
import { noProcess } from '../core/no-process.ts';
import type { Reader } from './become-reader.ts';
import { confine, type Needs } from './confine.ts';

/** A share to read: where it is mounted and, if not as ourselves, as which account (needs root). */
export type ScanTarget = { readonly name: ShareName; readonly root: string; readonly readAs?: Reader };

/** A process that may hang on a dead mount. Whoever starts it stops it; nobody ever waits for its end. */
export type ShareChild = {
  readonly process: ChildProcess;
  /** What the child writes to fd 3 and up. */
  readonly pipes: readonly Readable[];
  /** The end of what it wrote to stderr. */
  readonly complaint: () => string;
  /** SIGKILL, and nothing of it keeps our process alive. A call stuck in the kernel ends when the kernel lets it. */
  readonly stop: () => void;
};

const COMPLAINT_CHARS = 4000;

/**
 * Forks the module beside this one that is called `name` (its code reads the pipes' numbers from 3 on) and sends it
 * `request`. It may read the share and do nothing else (confine.ts). Our environment is not handed on: the child needs
 * none of it, and CHOKIDAR_USEPOLLING would override us.
 */
export function startShareChild(
  name: string,
  pipeCount: number,
  request: { readonly root: string },
  needs: Needs = {},
): ShareChild {
  const module = fileURLToPath(new URL(import.meta.url.replace('share-child', name)));
  const pipes = Array.from({ length: pipeCount }, () => 'pipe' as const);
  const child = startOrSay(request.root, () =>
    fork(module, [], {
      stdio: ['ignore', 'ignore', 'pipe', ...pipes, 'ipc'],
      ...confine(module, request.root, needs),
    }),
  );
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-COMPLAINT_CHARS);
  });
  // A child that died before it read the request is reported by its exit.
  child.send(request, () => undefined);
  const streams = child.stdio.slice(3, 3 + pipeCount).filter((stream) => stream instanceof Readable);
  return {
    process: child,
    pipes: streams,
    complaint: () => complaint.trim(),
    stop: () => {
      child.kill('SIGKILL');
      for (const stream of [...streams, child.stderr]) stream?.destroy();
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
}

/** Node throws for want of memory, and tells all else by an event. */
function startOrSay(root: string, start: () => ChildProcess): ChildProcess {
  try {
    return start();
  } catch (cause) {
    throw noProcess(`read the share at ${root}`, cause) ?? cause;
  }
}

/** What it means that the process could not be started. */
export function notStarted(target: ScanTarget, cause: Error): Error {
  return noProcess(`read share ${target.name}`, cause) ?? cause;
}

/** Throws when the child could not become `readAs`: better than to read as somebody else. */
export function checkReader({ name, readAs }: ScanTarget): void {
  const uid = process.geteuid?.();
  if (readAs === undefined || uid === 0 || (uid === readAs.uid && process.getegid?.() === readAs.gid)) return;
  throw new IngestError(
    'CONFIG_INVALID',
    `read share ${name} as uid ${readAs.uid}, gid ${readAs.gid}: only root can change the account`,
    {
      hint: 'Remove the reading account of this share from the configuration, or start Nightjar as root or as that account.',
      context: { share: name },
    },
  );
}

/** What the failure `errno` of a call on the share's root means. */
export function rootFailure(target: ScanTarget, errno: string, message: string): IngestError {
  const context = { share: target.name, root: target.root, errno };
  if (errno === 'EACCES' || errno === 'EPERM') {
    return new IngestError('SHARE_NOT_PROVEN', `read share ${target.name} at ${target.root}: ${message}`, {
      hint: `Give the account that Nightjar reads the share with the right to list ${target.root}.`,
      context,
    });
  }
  if (errno === 'ENOTDIR') {
    return new IngestError(
      'SHARE_NOT_PROVEN',
      `read share ${target.name} at ${target.root}: not a directory`,
      {
        hint: 'Correct the root of this share in the configuration.',
        context,
      },
    );
  }
  return new IngestError('SHARE_UNREACHABLE', `read share ${target.name} at ${target.root}: ${message}`, {
    hint: 'Look whether the file server is up and the share is mounted; Nightjar tries again by itself.',
    context,
  });
}

/** What it means that the child ended (`code` or `signal`) before it had said everything. */
export function childEnded(
  target: ScanTarget,
  end: { readonly code: number | null; readonly signal: string | null },
  complaint: string,
): IngestError {
  const context = { share: target.name, root: target.root };
  if (end.signal !== null) {
    return new IngestError(
      'INTERRUPTED',
      `read share ${target.name}: the reading process was ended by ${end.signal}`,
      {
        hint: 'Nothing is concluded from this scan. If it comes again, look for the out-of-memory killer in the system log.',
        context,
      },
    );
  }
  return new IngestError(
    'UNEXPECTED',
    `read share ${target.name}: the reading process ended with code ${end.code}: ${complaint}`,
    {
      hint: 'This is a defect in Nightjar: report it with the log lines around it. Nothing is concluded from this scan.',
      context,
    },
  );
}
