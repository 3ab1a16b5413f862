import type { Clock } from '../core/clock.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Pause } from '../ledger/pauses.ts';
import type { QueueTrouble } from '../queue/dispatcher.ts';

const LOOK_MS = 200;

type Waiting = {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly outageWaitMs: number;
  readonly mayHeal: () => boolean;
  /** What is wrong with the queue now. */
  readonly queueTrouble: () => QueueTrouble | undefined;
  /** Whether this process delivers or publishes a batch. */
  readonly isAtWork: () => boolean;
};

/**
 * Resolves when no batch waits, is in flight or is published, but for those a pause keeps back that is not about to end (`mayHeal`);
 * rejects with the signal's reason. A destination that is away is waited for, but from the later of its going and our
 * coming no longer than `outageWaitMs`; so is the queue, while nothing is under way.
 */
export async function allDelivered(
  { ledger, clock, outageWaitMs, mayHeal, queueTrouble, isAtWork }: Waiting,
  signal: AbortSignal,
): Promise<void> {
  const seen = new Map<string, number>();
  // Not by when it began: the clock may have been set since.
  const isPassing = ({ name, probes, since }: Pause): boolean => {
    if (probes === undefined) return false;
    const outage = `${name} ${since}`;
    const from = seen.get(outage) ?? clock.monotonic();
    seen.set(outage, from);
    return clock.monotonic() < from + outageWaitMs;
  };
  const start = clock.monotonic();
  const isQueueGivenUp = (): boolean => {
    const trouble = queueTrouble();
    if (trouble === undefined || isAtWork()) return false;
    return clock.monotonic() >= Math.max(trouble.since, start) + outageWaitMs;
  };
  // A batch that is delivered may still be published: the report is to tell what came of it.
  while (isAtWork() || ledger.dispatch.isMoving(clock.now(), isPassing) || mayHeal()) {
    if (isQueueGivenUp()) return;
    await clock.sleep(LOOK_MS, signal);
  }
  signal.throwIfAborted();
}
