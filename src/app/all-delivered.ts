import type { Clock } from '../core/clock.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

const LOOK_MS = 200;

/**
 * Resolves when no batch waits or is in flight, but for those a pause keeps back that is not about to end (`mayHeal`);
 * rejects with the signal's reason.
 */
export async function allDelivered(
  {
    ledger,
    clock,
    mayHeal,
  }: { readonly ledger: Ledger; readonly clock: Clock; readonly mayHeal: () => boolean },
  signal: AbortSignal,
): Promise<void> {
  while (ledger.dispatch.isMoving(clock.now()) || mayHeal()) await clock.sleep(LOOK_MS, signal);
  signal.throwIfAborted();
}
