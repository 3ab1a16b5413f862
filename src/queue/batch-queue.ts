import { Queue } from 'bullmq';
import type { Clock } from '../core/clock.ts';
import { type BatchId, batchId } from '../core/ids.ts';
import { waitAtMost } from '../core/wait-at-most.ts';
import { connectRedis, type RedisLink, type RedisTarget, withinDeadline } from './connect-redis.ts';
import { hidePolicy } from './hide-policy.ts';
import { unlockJob } from './job-lock.ts';

/** BullMQ's name of the one queue, and of its one kind of job. */
export const QUEUE_NAME = 'nightjar';
const JOB_NAME = 'deliver';

export type JobData = { readonly batchId: BatchId };
/** `stalled`: active, and no worker holds its lock any more: its worker is dead or cut off. */
export type JobState = 'waiting' | 'active' | 'stalled' | 'delayed' | 'failed' | 'completed';

/** The to-do list in Redis. Every call ends within `deadlineMs`, failing as QUEUE_UNAVAILABLE when Redis does not. */
export type BatchQueue = {
  /** Afterwards exactly one waiting (or still active) job of this id exists, whatever was there before. */
  readonly enqueue: (id: BatchId) => Promise<void>;
  /** Every job of ours and its state; fails also when Redis takes no writes. */
  readonly jobs: () => Promise<ReadonlyMap<BatchId, JobState>>;
  /** False when a living worker has the job: such a job stays. */
  readonly remove: (id: BatchId) => Promise<boolean>;
  /** The locks of those that have one. */
  readonly locks: (ids: readonly BatchId[]) => Promise<ReadonlyMap<BatchId, string>>;
  /** Takes the lock of a job away, if it is this one; answers whether it was. */
  readonly unlock: (id: BatchId, lock: string) => Promise<boolean>;
  /** Told whenever the connection is there, the first time and after each outage. */
  readonly onReady: (listener: () => void) => void;
  /** Empties the queue, active jobs too: only right while no worker lives. */
  readonly clear: () => Promise<void>;
  /** Never fails and never hangs, with Redis or without; may be called again. */
  readonly close: () => Promise<void>;
};

type BatchQueueOptions = {
  readonly target: RedisTarget;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** Failures of the connection, for the log; the calls fail by themselves. */
  readonly onError?: (error: Error) => void;
};

const CLOSE_MS = 500;
const PROBE_KEPT_MS = 60_000;
/** How long `enqueue` waits for a worker to let go of a job it has finished, in ms. */
const LETTING_GO_MS = 1000;
const LOOK_AGAIN_MS = 20;

/** BullMQ's words for a state; a 'prioritized' job waits, whoever made it one. */
const RANGES = ['waiting', 'prioritized', 'active', 'delayed', 'failed', 'completed'] as const;
const STATES: Readonly<Record<(typeof RANGES)[number], JobState>> = {
  waiting: 'waiting',
  prioritized: 'waiting',
  active: 'active',
  delayed: 'delayed',
  failed: 'failed',
  completed: 'completed',
};

/** Opens the queue; the connection is made in the background, and the first call waits for it. Caller closes. */
export function createBatchQueue({ target, clock, deadlineMs, onError }: BatchQueueOptions): BatchQueue {
  const report = onError ?? (() => undefined);
  const link = connectRedis(target, { waitForRedis: false, onError: report });
  const queue = new Queue<JobData>(QUEUE_NAME, { connection: hidePolicy(link.redis, () => undefined) });
  // The link reports the same failures without secrets; without a listener they would end the process.
  queue.on('error', () => undefined);

  const call = async <T>(attempted: string, work: () => Promise<T>): Promise<T> =>
    withinDeadline({ clock, ms: deadlineMs, attempted }, link, async (signal) => {
      await link.ready(signal);
      return await link.whileConnected(work);
    });
  const remove = (id: BatchId): Promise<boolean> =>
    call(`removing the job of batch ${id}`, async () => (await queue.remove(id)) === 1);

  let closing: Promise<void> | undefined;
  return {
    enqueue: async (id) => {
      // Adding an id that exists in any state does nothing (docs.bullmq.io, job ids): first remove, then add.
      if (!(await removed(id, remove, clock))) return;
      await call(`queueing batch ${id}`, () => add(queue, id));
    },
    jobs: () => call('listing the queued batches', () => list(queue, link)),
    remove,
    locks: (ids) => call('reading the locks of batches', () => locksOf(queue, link, ids)),
    unlock: (id, lock) =>
      call(`freeing batch ${id}`, () => unlockJob(link.redis, queue.toKey(`${id}:lock`), lock)),
    onReady: (listener) => {
      link.redis.on('ready', listener);
    },
    clear: () => call('emptying the queue', () => queue.obliterate({ force: true })),
    close: () => {
      // Nothing is owed to Redis at the end, and BullMQ's close may never settle while it is away.
      closing ??= waitAtMost(clock, CLOSE_MS, queue.close()).then(link.abandon);
      return closing;
    },
  };
}

async function add(queue: Queue<JobData>, id: BatchId): Promise<void> {
  // One attempt, and no trace left: when and how often to try again is decided in the ledger.
  const options = { jobId: id, attempts: 1, removeOnComplete: true, removeOnFail: true };
  await queue.add(JOB_NAME, { batchId: id }, options);
}

/** A worker records a batch's outcome a moment before its job leaves Redis: give it that moment. */
async function removed(
  id: BatchId,
  remove: (id: BatchId) => Promise<boolean>,
  clock: Clock,
): Promise<boolean> {
  const until = clock.monotonic() + LETTING_GO_MS;
  while (!(await remove(id))) {
    if (clock.monotonic() >= until) return false;
    await clock.sleep(LOOK_AGAIN_MS);
  }
  return true;
}

async function list(queue: Queue<JobData>, link: RedisLink): Promise<ReadonlyMap<BatchId, JobState>> {
  // A Redis that is full, a replica or without its disk still reads: only a write tells that it takes nothing.
  await link.redis.set(queue.toKey('probe'), '1', 'PX', PROBE_KEPT_MS);
  // One script for all states: asked one after another, a job on the move could be missed.
  const ranges: readonly (readonly string[])[] = await queue.getBackend().getRanges([...RANGES], 0, -1);
  const found = new Map<BatchId, JobState>();
  for (const [at, ids] of ranges.entries()) {
    const range = RANGES[at];
    if (range === undefined) continue;
    for (const id of ids) if (isBatchId(id)) found.set(batchId(id), STATES[range]);
  }
  const active = [...found].filter(([, state]) => state === 'active').map(([id]) => id);
  if (active.length === 0) return found;
  // BullMQ's own look for stalled jobs takes up to two rounds of 30 s; the lock's key tells at once.
  const locks = await locksOf(queue, link, active);
  for (const id of active) if (!locks.has(id)) found.set(id, 'stalled');
  return found;
}

async function locksOf(
  queue: Queue<JobData>,
  link: RedisLink,
  ids: readonly BatchId[],
): Promise<ReadonlyMap<BatchId, string>> {
  const locks = await link.redis.mget(ids.map((id) => queue.toKey(`${id}:lock`)));
  return new Map(ids.flatMap((id, at): [BatchId, string][] => (locks[at] ? [[id, locks[at]]] : [])));
}

/** Old BullMQ versions leave a marker `0:…` in the list of waiting ids. */
function isBatchId(id: string): boolean {
  return /^b-[0-9a-f]{32}$/.test(id);
}
