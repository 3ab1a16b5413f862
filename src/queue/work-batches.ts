import { type Job, WaitingError } from 'bullmq';
import type { Clock } from '../core/clock.ts';
import { asIngestError, IngestError } from '../core/errors.ts';
import { type BatchId, batchId } from '../core/ids.ts';
import { waitAtMost } from '../core/wait-at-most.ts';
import { type JobData, QUEUE_NAME } from './batch-queue.ts';
import { connectRedis, type RedisLink, type RedisTarget } from './connect-redis.ts';
import { hidePolicy } from './hide-policy.ts';
import { lockJob, unlockJob } from './job-lock.ts';
import { PatientWorker } from './patient-worker.ts';
import { cureOf, isRefusal } from './redis-refusal.ts';

/** Delivers one batch and records the outcome in the ledger itself. Throwing means that nothing was recorded. */
export type BatchHandler = (id: BatchId, signal: AbortSignal) => Promise<void>;

export type BatchWorkers = {
  /** The batches this process works on now. */
  readonly running: () => ReadonlySet<BatchId>;
  /** Whether a job's lock was set by this process. */
  readonly ownsLock: (lock: string) => boolean;
  /** Takes nothing new and waits for what runs, at most `deadlineMs`. False when something still runs. */
  readonly drain: (deadlineMs: number) => Promise<boolean>;
  /** Takes nothing new, aborts what runs (INTERRUPTED) and waits at most `graceMs` for it. False when it did not end. */
  readonly abort: (graceMs: number) => Promise<boolean>;
  /** Aborts what still runs and ends the connections, with Redis or without, within a few seconds. May be called again. */
  readonly close: () => Promise<void>;
};

type WorkOptions = {
  readonly target: RedisTarget;
  /** Batches at a time in this process: at least as many as may be in flight at all destinations. */
  readonly concurrency: number;
  /** How long a job stays ours without a sign of life, in ms. */
  readonly lockMs?: number;
  readonly clock: Clock;
  /** Whatever goes wrong around a job; the batch itself is put back by the dispatcher's sweep. */
  readonly onError: (error: Error) => void;
  /** A job has left Redis, whatever became of its batch: the dispatcher looks again. */
  readonly onFinished?: (id: BatchId) => void;
  /** The same of one whose handler threw: nothing was recorded of it. */
  readonly onLost?: (id: BatchId) => void;
  /** Redis may forget jobs when its memory is full, by this policy; told once. */
  readonly onEviction?: (policy: string) => void;
};

type Run = {
  readonly controller: AbortController;
  readonly done: Promise<void>;
  readonly end: () => void;
  /** The lock of its job. */
  readonly lock: string;
  /** Redis was wiped, and we have set the lock again. */
  isLockedAgain: boolean;
};

const LOCK_MS = 120_000;
const CLOSE_MS = 2000;
const CLOSE_GRACE_MS = 5000;

const lockKey = (id: BatchId): string => `bull:${QUEUE_NAME}:${id}:lock`;

/** Starts taking jobs. Only the ledger knows retries: a job is tried once and then forgotten by Redis. */
export function workBatches(options: WorkOptions, handler: BatchHandler): BatchWorkers {
  const { clock, onError, lockMs = LOCK_MS } = options;
  const link = connectRedis(options.target, { waitForRedis: true, onError });
  const runs = new Map<BatchId, Run>();
  const stopping = new AbortController();
  const worker = startWorker(options, { link, stop: stopping.signal }, async (job, token) => {
    if (stopping.signal.aborted) return await giveBack(job, token);
    const id = batchId(job.data.batchId);
    const run = newRun(token ?? '');
    await runOnce(runs, { id, run }, handler).finally(() => {
      if (run.isLockedAgain) letGo(id, run);
    });
    // BullMQ tells of no end when the job's lock is gone by then, and the next batch would wait for the next comparison.
    options.onFinished?.(id);
  });
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) lockAgain(batchId(id)).catch((error: unknown) => onError(link.plainError(error)));
  });
  /** A lock that is gone is that of a wiped Redis: what is under way goes on, and the lock tells others so. */
  const lockAgain = async (id: BatchId): Promise<void> => {
    const run = runs.get(id);
    if (run === undefined) return;
    const lock = await lockJob(link.redis, lockKey(id), { lock: run.lock, ms: lockMs });
    if (lock !== null && !isOurs(lock)) run.controller.abort(lockLost(id));
    else run.isLockedAgain = true;
    if (runs.get(id) !== run) letGo(id, run);
  };
  /** BullMQ lets go of what it has locked alone; ours would keep the next attempt waiting until it runs out. */
  const letGo = (id: BatchId, { lock }: Run): void => {
    unlockJob(link.redis, lockKey(id), lock).catch((error: unknown) => onError(link.plainError(error)));
  };

  const isOurs = (lock: string): boolean => lock.startsWith(`${worker.id}:`);

  const stopTaking = (): void => {
    stopping.abort();
    // close() takes nothing more and waits for what runs; it has no end while Redis is away, so nobody waits for it here.
    worker.close().catch((error: unknown) => onError(link.plainError(error)));
  };
  const ended = async (ms: number): Promise<boolean> => {
    await waitAtMost(clock, ms, Promise.allSettled([...runs.values()].map((run) => run.done)));
    return runs.size === 0;
  };
  const abort = (graceMs: number): Promise<boolean> => {
    stopTaking();
    for (const run of runs.values()) run.controller.abort(interrupted());
    return ended(graceMs);
  };

  let closing: Promise<void> | undefined;
  return {
    running: () => new Set(runs.keys()),
    ownsLock: isOurs,
    drain: (deadlineMs) => {
      stopTaking();
      return ended(deadlineMs);
    },
    abort,
    close: () => {
      closing ??= abort(CLOSE_GRACE_MS).then(() => endConnections(worker, link, clock));
      return closing;
    },
  };
}

function startWorker(
  { concurrency, lockMs = LOCK_MS, clock, onError, onFinished, onLost = onFinished, onEviction }: WorkOptions,
  { link, stop }: { readonly link: RedisLink; readonly stop: AbortSignal },
  processor: (job: Job<JobData>, token: string | undefined) => Promise<void>,
): PatientWorker {
  const worker = new PatientWorker(
    processor,
    {
      connection: hidePolicy(link.redis, once(onEviction)),
      concurrency,
      lockDuration: lockMs,
      // The dispatcher looks for jobs without a lock, and the ledger counts how often a batch may fail. BullMQ's own look
      // would fail a job that was left twice (github.com/taskforcesh/bullmq/issues/651).
      skipStalledCheck: true,
      runRetryDelay: 1000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    },
    { clock, stop, onError: (thrown) => onError(asTrouble(thrown, link)) },
  );
  worker.on('failed', (job, error) => {
    onError(asIngestError(error, `working on batch ${job?.id ?? '(unknown)'}`));
    if (job?.id !== undefined) onLost?.(batchId(job.id));
  });
  worker.on('completed', (job) => {
    if (job.id !== undefined) onFinished?.(batchId(job.id));
  });
  return worker;
}

/** A worker has two connections, and looks at each. */
function once(tell: WorkOptions['onEviction']): (policy: string) => void {
  let isTold = false;
  return (policy) => {
    if (!isTold) tell?.(policy);
    isTold = true;
  };
}

/** What Redis refuses is told with its cure. */
function asTrouble(thrown: unknown, link: RedisLink): Error {
  const cause = link.plainError(thrown);
  if (!isRefusal(cause)) return cause;
  return new IngestError('QUEUE_UNAVAILABLE', `asking for a batch to deliver: ${cause.message}`, {
    hint: cureOf(cause.message),
    cause,
  });
}

/** A job that was fetched while we were stopping goes back untouched. */
async function giveBack(job: Job<JobData>, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

function newRun(lock: string): Run {
  const { promise: done, resolve: end } = Promise.withResolvers<void>();
  return { controller: new AbortController(), done, end, lock, isLockedAgain: false };
}

/**
 * One run of a batch at a time in this process: after an outage Redis may hand out again what still runs here. The later
 * one waits until the earlier has ended, and finds in the ledger what is left to do.
 */
async function runOnce(
  runs: Map<BatchId, Run>,
  { id, run }: { readonly id: BatchId; readonly run: Run },
  handler: BatchHandler,
): Promise<void> {
  for (let earlier = runs.get(id); earlier !== undefined; earlier = runs.get(id)) await earlier.done;
  runs.set(id, run);
  try {
    await handler(id, run.controller.signal);
  } finally {
    runs.delete(id);
    run.end();
  }
}

async function endConnections(worker: PatientWorker, link: RedisLink, clock: Clock): Promise<void> {
  await waitAtMost(clock, CLOSE_MS, worker.close());
  link.abandon();
  // BullMQ's blocking connection is a duplicate of ours: one that is open is not ended by the link.
  const blocking = worker.getBackend().blockingClient;
  blocking?.then((client) => client.disconnect()).catch(() => undefined);
}

function interrupted(): IngestError {
  return new IngestError('INTERRUPTED', 'delivering was interrupted: Nightjar is stopping', {
    hint: 'Nothing to do: the batch goes on after the next start.',
  });
}

function lockLost(id: string): IngestError {
  return new IngestError('LEASE_LOST', `working on batch ${id}: Redis has given the job to another worker`, {
    hint: 'Nothing to do: the batch is delivered by the worker that has it now, or planned again.',
    context: { batchId: id },
  });
}
