import type { BatchId } from '../core/ids.ts';
import type { JobState } from './batch-queue.ts';
import type { InFlight } from './choose-next.ts';
import type { DispatcherOptions } from './dispatcher.ts';

/** Since when the batches that other processes deliver have neither job nor lock, on the clock that never jumps. */
export type Missed = ReadonlyMap<BatchId, number>;

/** Longer than a worker takes to notice that Redis was wiped, and to lock again what it delivers. */
const LEASE_MS = 90_000;

/**
 * A Redis that was wiped knows nothing of what the workers of other processes deliver. Such a batch stays theirs while
 * their process lives, and they lock it again in time; a second delivery would send it twice.
 */
export async function heldElsewhere(
  { ledger, queue, clock, leaseMs = LEASE_MS }: DispatcherOptions,
  {
    before,
    jobs,
    here,
  }: {
    readonly before: ReadonlyMap<BatchId, InFlight['state']>;
    readonly jobs: ReadonlyMap<BatchId, JobState>;
    readonly here: ReadonlySet<BatchId>;
  },
  earlier: Missed,
): Promise<{ readonly held: ReadonlySet<BatchId>; readonly missed: Missed }> {
  const jobless = [...before]
    .filter(([id, state]) => state === 'delivering' && !here.has(id) && !jobs.has(id))
    .map(([id]) => id)
    .filter((id) => ledger.isHeldElsewhere(id));
  if (jobless.length === 0) return { held: new Set(), missed: new Map() };
  const locks = await queue.locks(jobless);
  const now = clock.monotonic();
  const missed = new Map(
    jobless.filter((id) => !locks.has(id)).map((id) => [id, earlier.get(id) ?? now] as const),
  );
  const held = jobless.filter((id) => now < (missed.get(id) ?? now) + leaseMs);
  return { held: new Set(held), missed };
}
