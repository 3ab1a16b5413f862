import type { Clock } from '../core/clock.ts';
import type { BatchId, DestinationName } from '../core/ids.ts';
import type { JobState } from './batch-queue.ts';
import { chooseNext, type Head, type InFlight, servedKey } from './choose-next.ts';
import { type Compared, compareQueue } from './compare-queue.ts';

/** What the dispatcher needs of the ledger. Every call is short and synchronous. */
export interface DispatchLedger {
  /** For every lane that is neither paused nor has a batch in flight: its first planned batch that is due. */
  heads(now: number): readonly Head[];
  /** The batches in state queued or delivering. */
  inFlight(): readonly InFlight[];
  /** The earliest instant after `now` at which a planned batch becomes due. */
  nextDueAt(now: number): number | undefined;
  /** True while another living process of this host has the attempt at the batch. */
  isHeldElsewhere(id: BatchId): boolean;
  /** planned → queued; false when the batch is not planned any more. */
  markQueued(id: BatchId): boolean;
  /** queued or delivering → planned; leaves alone what has moved on meanwhile. */
  backToPlanned(ids: readonly BatchId[], why: string): void;
}

/** What the dispatcher needs of the queue. */
export interface DispatchQueue {
  enqueue(id: BatchId): Promise<void>;
  jobs(): Promise<ReadonlyMap<BatchId, JobState>>;
  remove(id: BatchId): Promise<boolean>;
  locks(ids: readonly BatchId[]): Promise<ReadonlyMap<BatchId, string>>;
  unlock(id: BatchId, lock: string): Promise<boolean>;
}

/** Since when the queue fails, on the clock that never jumps, and with what. */
export type QueueTrouble = { readonly since: number; readonly error: unknown };

export type Dispatcher = {
  /** Look again: something was planned, has finished, or a lane was resumed. Cheap, may be called at any time. */
  readonly wake: () => void;
  /** The queue may be another one, or empty: compare it with the ledger now, whatever the wait was for. */
  readonly compareNow: () => void;
  /** Undefined while the queue does what it is asked. */
  readonly trouble: () => QueueTrouble | undefined;
  /** Nothing is queued afterwards. Bounded by the queue's own deadlines; may be called again. */
  readonly close: () => Promise<void>;
};

export type DispatcherOptions = {
  readonly ledger: DispatchLedger;
  readonly queue: DispatchQueue;
  /** At most so many batches in flight at a destination. */
  readonly concurrency: (destination: DestinationName) => number;
  readonly clock: Clock;
  /** False: nothing new is queued; what is in flight goes on. Asked at every step; default: always open. */
  readonly isOpen?: () => boolean;
  /** Told of every failure; the dispatcher itself goes on and tries again. */
  readonly onError: (error: unknown) => void;
  /** How often ledger and queue are compared, in ms. */
  readonly sweepMs?: number;
  /** How long a batch that another process delivers may be without its lock, in ms. */
  readonly leaseMs?: number;
  /** Batches this process works on: never put back, whatever Redis says. */
  readonly running?: () => ReadonlySet<BatchId>;
  /** Whether a lock in Redis was set by a worker of this process. */
  readonly ownsLock?: (lock: string) => boolean;
};

/** Who had the latest turns, as `chooseNext` wants them, and how many turns there were. */
type Turns = { count: number; readonly last: Map<string, number> };

/** When to look again at a lock of ours that nobody here seems to hold. */
const SUSPECT_MS = 10_000;
const RETRY_MS = { first: 250, most: 30_000 } as const;

/**
 * Brings the ledger's next batches into the queue: one of a lane, so many of a destination, owners in turn. Starts at
 * once with a comparison of ledger and queue, so that a queue that was wiped is filled again.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { clock, onError, sweepMs = 60_000 } = options;
  const closed = new AbortController();
  const turns: Turns = { count: 0, last: new Map() };
  let nap = new AbortController();
  let awake: 'no' | 'look' | 'compare' = 'no';
  let wakesAt: 'look' | 'compare' = 'look';
  let trouble: QueueTrouble | undefined;
  let compared: Compared = { suspects: new Map(), missed: new Map() };

  const loop = async (): Promise<void> => {
    let sweepAt = clock.monotonic();
    let failures = 0;
    let restMs = 0;
    while (!closed.signal.aborted) {
      if (awake === 'compare') sweepAt = clock.monotonic();
      awake = 'no';
      try {
        if (clock.monotonic() >= sweepAt) {
          compared = await compareQueue(options, compared, closed.signal);
          sweepAt =
            clock.monotonic() + (compared.suspects.size > 0 ? Math.min(SUSPECT_MS, sweepMs) : sweepMs);
        }
        restMs = untilNextMs(options, sweepAt, await dispatch(options, turns, closed.signal));
        failures = 0;
        trouble = undefined;
      } catch (error) {
        failures += 1;
        restMs = backoffMs(failures);
        trouble = { since: trouble?.since ?? clock.monotonic(), error };
        // What failed may have left ledger and queue apart: compare first, then go on.
        sweepAt = clock.monotonic();
        onError(error);
      }
      await rest(restMs, failures > 0);
    }
  };

  /** Sleeps until `ms` have passed, somebody wakes us (a plain wake counts for nothing while Redis is away) or we are closed. */
  const rest = async (ms: number, isAway: boolean): Promise<void> => {
    if (closed.signal.aborted || awake === 'compare' || (awake === 'look' && !isAway)) return;
    nap = new AbortController();
    wakesAt = isAway ? 'compare' : 'look';
    await clock.sleep(ms, AbortSignal.any([nap.signal, closed.signal])).catch(() => undefined);
  };

  const running = loop().catch(onError);
  return {
    wake: () => {
      if (awake === 'no') awake = 'look';
      if (wakesAt === 'look') nap.abort();
    },
    compareNow: () => {
      awake = 'compare';
      nap.abort();
    },
    trouble: () => trouble,
    close: async () => {
      closed.abort();
      await running;
    },
  };
}

function backoffMs(failures: number): number {
  return Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** Math.min(failures - 1, 10));
}

/** What the look at `lookedAt` found not due yet: also what has become due since, or it would wait for the next sweep. */
function untilNextMs(
  { ledger, clock, onError }: DispatcherOptions,
  sweepAt: number,
  lookedAt: number,
): number {
  const untilSweep = Math.max(0, sweepAt - clock.monotonic());
  try {
    const due = ledger.nextDueAt(lookedAt);
    return due === undefined ? untilSweep : Math.min(untilSweep, Math.max(1, due - clock.now()));
  } catch (error) {
    onError(error);
    return untilSweep;
  }
}

/** Queues all that may go now. One look at the ledger, then two short calls to Redis a batch. Returns when it looked. */
async function dispatch(options: DispatcherOptions, turns: Turns, closed: AbortSignal): Promise<number> {
  const { ledger, clock } = options;
  const lookedAt = clock.now();
  let heads = ledger.heads(lookedAt);
  const inFlight: InFlight[] = heads.length === 0 ? [] : [...ledger.inFlight()];
  while (!closed.aborted && (options.isOpen?.() ?? true)) {
    const next = chooseNext(heads, inFlight, turns.last, options.concurrency);
    if (next === undefined) break;
    heads = heads.filter((head) => head.lane !== next.lane);
    if (!ledger.markQueued(next.id)) continue;
    inFlight.push({ ...next, state: 'queued', isStill: false });
    await enqueueOrPutBack(options, next.id);
    turns.count += 1;
    turns.last.set(servedKey(next.destination, next.owner), turns.count);
  }
  return lookedAt;
}

async function enqueueOrPutBack({ ledger, queue }: DispatcherOptions, id: BatchId): Promise<void> {
  try {
    await queue.enqueue(id);
  } catch (error) {
    ledger.backToPlanned([id], 'the queue did not take the batch');
    throw error;
  }
}
