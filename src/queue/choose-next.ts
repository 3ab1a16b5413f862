import type { BatchId, DestinationName, OwnerId } from '../core/ids.ts';

/** The first planned batch of a lane. */
export type Head = {
  readonly id: BatchId;
  /** The destination's container: batches of a lane go one after another. */
  readonly lane: string;
  readonly owner: OwnerId;
  readonly destination: DestinationName;
  readonly plannedAt: number;
};

/** A batch that has left `planned` and not arrived. */
export type InFlight = Omit<Head, 'plannedAt'> & { readonly state: 'queued' | 'delivering' };

/** The key of `lastServed`: an owner at a destination. */
export function servedKey(destination: DestinationName, owner: OwnerId): string {
  return `${destination}/${owner}`;
}

/**
 * The batch to queue next, or undefined when none may go: none of a lane that has one in flight, none above the
 * destination's cap; then the owner whose turn at that destination is longest ago, then the oldest plan. `lastServed`
 * has a growing number for each turn, each destination apart: a common turn would starve owners at a slow one.
 */
export function chooseNext(
  heads: readonly Head[],
  inFlight: readonly Pick<InFlight, 'lane' | 'destination'>[],
  lastServed: ReadonlyMap<string, number>,
  caps: (destination: DestinationName) => number,
): Head | undefined {
  const busy = new Set(inFlight.map((batch) => batch.lane));
  const used = new Map<DestinationName, number>();
  for (const { destination } of inFlight) used.set(destination, (used.get(destination) ?? 0) + 1);
  const turn = (head: Head): number => lastServed.get(servedKey(head.destination, head.owner)) ?? 0;

  let best: Head | undefined;
  for (const head of heads) {
    if (busy.has(head.lane) || (used.get(head.destination) ?? 0) >= caps(head.destination)) continue;
    if (best === undefined || isBefore([turn(head), head], [turn(best), best])) best = head;
  }
  return best;
}

function isBefore([turnA, a]: readonly [number, Head], [turnB, b]: readonly [number, Head]): boolean {
  if (turnA !== turnB) return turnA < turnB;
  if (a.plannedAt !== b.plannedAt) return a.plannedAt < b.plannedAt;
  return a.id < b.id;
}
