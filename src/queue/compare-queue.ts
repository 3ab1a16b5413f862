import type { BatchId } from '../core/ids.ts';
import type { JobState } from './batch-queue.ts';
import type { InFlight } from './choose-next.ts';
import type { DispatcherOptions } from './dispatcher.ts';
import { heldElsewhere, type Missed } from './held-elsewhere.ts';

/** Locks of ours whose batch nobody here works on, as the last comparison found them. */
export type Suspects = ReadonlyMap<BatchId, string>;

/** What a comparison leaves to the next one. */
export type Compared = { readonly suspects: Suspects; readonly missed: Missed };

/**
 * Puts back what the ledger believes in flight and no job stands for, and removes jobs the ledger does not know.
 * The ledger is read before and after the queue: what moved meanwhile is left for the next time.
 */
export async function compareQueue(
  options: DispatcherOptions,
  earlier: Compared,
  closed: AbortSignal,
): Promise<Compared> {
  const { ledger, queue } = options;
  const before = new Map(ledger.inFlight().map((batch) => [batch.id, batch.state]));
  const jobs = new Map(await queue.jobs());
  const here = options.running?.() ?? new Set<BatchId>();
  const suspects = await freeOwnLocks(options, { jobs, here, earlier: earlier.suspects });
  const { held, missed } = await heldElsewhere(options, { before, jobs, here }, earlier.missed);
  const after = ledger.inFlight();

  const lost = after.filter(
    ({ id, state }) =>
      before.get(id) === state && !here.has(id) && !held.has(id) && !standsFor(jobs.get(id), state),
  );
  if (lost.length > 0) {
    ledger.backToPlanned(
      lost.map((batch) => batch.id),
      'its job is gone from the queue',
    );
  }
  const known = new Set([...before.keys(), ...after.map((batch) => batch.id)]);
  for (const id of jobs.keys()) {
    if (closed.aborted) break;
    if (!known.has(id) && !here.has(id)) await queue.remove(id);
  }
  return { suspects, missed };
}

/** A delivering batch whose job waits again has lost its worker. */
function standsFor(job: JobState | undefined, state: InFlight['state']): boolean {
  return job === 'active' || (job === 'waiting' && state === 'queued');
}

/**
 * A worker takes a job by setting a lock. When the connection is cut before the answer has come, the lock is there and
 * nobody works: the job would stay until the lock runs out. A lock of this process that two comparisons find without
 * its batch at work is taken away; one that only the later finds may be on its way.
 */
async function freeOwnLocks(
  { queue, ownsLock }: DispatcherOptions,
  {
    jobs,
    here,
    earlier,
  }: {
    readonly jobs: Map<BatchId, JobState>;
    readonly here: ReadonlySet<BatchId>;
    readonly earlier: Suspects;
  },
): Promise<Suspects> {
  const idle = [...jobs].filter(([id, state]) => state === 'active' && !here.has(id)).map(([id]) => id);
  if (idle.length === 0 || ownsLock === undefined) return new Map();
  const suspects = new Map<BatchId, string>();
  for (const [id, lock] of await queue.locks(idle)) {
    if (!ownsLock(lock)) continue;
    if (earlier.get(id) !== lock) suspects.set(id, lock);
    else if (await queue.unlock(id, lock)) jobs.set(id, 'stalled');
  }
  return suspects;
}
