import type { Clock } from '../core/clock.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

const LOOK_MS = 200;

/** Resolves when no batch waits or is in flight, but for those a pause keeps back; rejects with the signal's reason. */
export async function allDelivered(ledger: Ledger, clock: Clock, signal: AbortSignal): Promise<void> {
  while (ledger.dispatch.isMoving(clock.now())) await clock.sleep(LOOK_MS, signal);
  signal.throwIfAborted();
}
