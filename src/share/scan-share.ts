import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import type { DirLook } from '../core/model.ts';
import { encodeBytes, type SharePath } from '../core/share-path.ts';
import { answerNames } from './answer-names.ts';
import type { ScanTotals } from './frames.ts';
import { Intake } from './intake.ts';
import type { ScanRequest } from './scan-child.ts';
import { checkReader, type ScanTarget, type ShareChild, startShareChild } from './share-child.ts';

export type { ScanTotals } from './frames.ts';
export type { ScanTarget } from './share-child.ts';

export type ScanOptions = {
  /** Only these directories, each by itself (the second look); without it the whole share. */
  readonly dirs?: readonly SharePath[];
  /** Entries carry uid and gid; default: they do not. */
  readonly withIds?: boolean;
  /** Threads that look at the share at once; default 2. */
  readonly threads?: number;
  /** A share that answers nothing for this long counts as hung. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
};

/** `looks` starts the scan and is read once; a scan that is not read to its end proves nothing. */
export type Scan = {
  /** In pieces fit for one transaction each. Directories in any order. */
  readonly looks: AsyncIterable<readonly DirLook[]>;
  /** What the scanner itself counted; throws before the end of `looks`. */
  readonly totals: () => ScanTotals;
};

const PIECE_BYTES = 2 * 1024 * 1024;
const PIECE_MS = 500;

/**
 * Looks at every directory of a share in a child process: names and lstat only, nothing is opened. Fails with
 * SHARE_UNREACHABLE, SHARE_NOT_PROVEN (no right to list the root), SHARE_STALLED, INTERRUPTED (child killed), or the
 * signal's reason. In a second look a directory that is proven to be gone has an empty listing; one that could not be
 * looked at has a listing of one 'unreadable-dir' entry with an empty name (see `unknownBecause` in core/listing.ts).
 */
export function scanShare(target: ScanTarget, options: ScanOptions): Scan {
  let totals: ScanTotals | undefined;
  return {
    looks: runScan(target, options, (counted) => {
      totals = counted;
    }),
    totals: () => {
      if (totals === undefined) throw new Error(`the scan of share ${target.name} has not ended`);
      return totals;
    },
  };
}

async function* runScan(
  target: ScanTarget,
  options: ScanOptions,
  finish: (totals: ScanTotals) => void,
): AsyncGenerator<readonly DirLook[], void, undefined> {
  checkReader(target);
  options.signal.throwIfAborted();
  const child = startShareChild('scan-child', options.threads ?? 2, requestOf(target, options), {
    threads: true,
  });
  answerNames(child.process);
  try {
    const intake = new Intake(target, child);
    while (!intake.isComplete || intake.waiting.looks > 0) {
      await gather(intake, target, options, child);
      if (intake.waiting.looks > 0) yield intake.take();
    }
    finish(intake.totals());
  } finally {
    child.stop();
  }
}

function requestOf(
  { root, readAs }: ScanTarget,
  { dirs, withIds = false, threads = 2 }: ScanOptions,
): ScanRequest {
  return { root, threads, readAs, withIds, dirs: dirs?.map((dir) => encodeBytes(dir).toString('latin1')) };
}

/** Waits until there is a piece worth a transaction, or the rest. */
async function gather(
  intake: Intake,
  target: ScanTarget,
  options: ScanOptions,
  child: ShareChild,
): Promise<void> {
  const { clock, stallMs } = options;
  let since: number | undefined;
  while (!intake.isComplete && intake.waiting.bytes < PIECE_BYTES) {
    if (intake.waiting.looks > 0) since ??= clock.monotonic();
    const waitMs = since === undefined ? stallMs : Math.min(stallMs, since + PIECE_MS - clock.monotonic());
    if (waitMs <= 0) return;
    const arrived = await arrivesWithin(intake, waitMs, options);
    if (!arrived && since === undefined) throw stalled(target, stallMs, child.process.pid);
  }
}

/** False when nothing came; rejects when the scan failed or the signal was aborted. */
async function arrivesWithin(intake: Intake, ms: number, { clock, signal }: ScanOptions): Promise<boolean> {
  const enough = new AbortController();
  const timeout = clock.sleep(ms, AbortSignal.any([enough.signal, signal])).then(
    () => false,
    (reason: unknown) => {
      if (signal.aborted) throw signal.reason;
      if (enough.signal.aborted) return false;
      throw reason;
    },
  );
  try {
    return await Promise.race([intake.arrival().then(() => true), timeout]);
  } finally {
    enough.abort();
  }
}

function stalled(target: ScanTarget, stallMs: number, pid: number | undefined): IngestError {
  return new IngestError(
    'SHARE_STALLED',
    `scan share ${target.name} at ${target.root}: it answered nothing for ${stallMs} ms`,
    {
      hint: `Look whether the file server is up and answers (ls ${target.root}); Nightjar tries again by itself.`,
      context: { share: target.name, root: target.root, pid },
    },
  );
}
