import type { DestinationName } from '../core/ids.ts';
import { DELIVERED_STATES } from '../core/states.ts';
import type { LedgerEvent } from '../ledger/events.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** How deliveries to a destination went: bytes and milliseconds from the start of an attempt to its evidence. */
export type PastRate = { readonly deliveries: number; readonly bytes: number; readonly ms: number };

const LOOK_BACK_MS = 30 * 86_400_000;
const DELIVERIES_READ = 200;

/** The rate of the newest deliveries of the last 30 days; undefined when there were none. */
export function pastRate(
  ledger: Pick<Ledger, 'list' | 'history'>,
  destination: DestinationName,
  now: number,
): PastRate | undefined {
  const heads = [
    ...ledger.list({ states: DELIVERED_STATES, destination, changedSince: now - LOOK_BACK_MS }),
  ].slice(-DELIVERIES_READ);
  let [deliveries, bytes, ms] = [0, 0, 0];
  for (const head of heads) {
    const took = deliveryMs(ledger.history(head.id));
    if (took === undefined) continue;
    [deliveries, bytes, ms] = [deliveries + 1, bytes + head.bytes, ms + took];
  }
  return deliveries === 0 ? undefined : { deliveries, bytes, ms };
}

/** Milliseconds of the newest attempt that ended with evidence; undefined when the history has none. */
export function deliveryMs(history: readonly LedgerEvent[]): number | undefined {
  let startedAt: number | undefined;
  let took: number | undefined;
  for (const { at, what } of history) {
    if (what === 'delivery.started') startedAt = at;
    if (DELIVERED.includes(what) && startedAt !== undefined) took = Math.max(0, at - startedAt);
  }
  return took;
}

const DELIVERED: readonly string[] = DELIVERED_STATES.map((state) => `delivery.${state}`);

/** What is to go to one destination. `lanes`: containers, each of which takes one batch at a time. */
export type Load = { readonly batches: number; readonly bytes: number; readonly lanes: number };

/** The milliseconds a load takes at a past rate: by its bytes; where nothing had any, by its number of batches. */
export function expectedMs(load: Load, past: PastRate, concurrency: number): number {
  const inRow =
    past.bytes > 0 ? (load.bytes * past.ms) / past.bytes : (load.batches * past.ms) / past.deliveries;
  return Math.round(inRow / Math.max(1, Math.min(concurrency, load.lanes)));
}
