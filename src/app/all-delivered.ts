import type { Clock } from '../core/clock.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { pauseOf } from '../ledger/pauses.ts';

const LOOK_MS = 200;

/** Resolves when no batch waits or is in flight, but for those a pause keeps back; rejects with the signal's reason. */
export async function allDelivered(ledger: Ledger, clock: Clock, signal: AbortSignal): Promise<void> {
  while (isAnythingMoving(ledger, clock.now())) await clock.sleep(LOOK_MS, signal);
  signal.throwIfAborted();
}

function isAnythingMoving(ledger: Ledger, now: number): boolean {
  if (ledger.dispatch.inFlight().length > 0) return true;
  const pauses = ledger.pauses.inForce(now);
  for (const head of ledger.list({ states: ['planned'] }))
    if (pauseOf(pauses, head) === undefined) return true;
  return false;
}
