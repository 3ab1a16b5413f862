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
export type InFlight = Omit<Head, 'plannedAt'> & {
  readonly state: 'queued' | 'delivering';
  /** Nothing has moved in its delivery for a while. */
  readonly isStill: boolean;
};

/** The key of `lastServed`: an owner at a destination. */
export function servedKey(destination: DestinationName, owner: OwnerId): string {
  return `${destination}/${owner}`;
}

/** The most that are ever in flight at a destination: as many again as its cap may stand still beside those that move. */
export const mostInFlight = (cap: number): number => 2 * cap;

/**
 * The batch to queue next, or undefined when none may go: none of a lane that has one in flight, none above what the
 * destination's cap allows; then the owner whose turn at that destination is longest ago, then the oldest plan. `lastServed`
 * has a growing number for each turn, each destination apart: a common turn would starve owners at a slow one.
 *
 * What stands still leaves its place to others, up to as many as the cap: where more stand still it is the destination,
 * and asking it more would not help. Beyond the cap an owner begins only with nothing in flight: so each owner who hangs
 * takes one of those places at most, and one who does not finds a place beside as many as the cap.
 */
export function chooseNext(
  heads: readonly Head[],
  inFlight: readonly Pick<InFlight, 'lane' | 'destination' | 'owner' | 'isStill'>[],
  lastServed: ReadonlyMap<string, number>,
  caps: (destination: DestinationName) => number,
): Head | undefined {
  const busy = new Set(inFlight.map((batch) => batch.lane));
  const isFull = isFullFor(inFlight, caps);
  const turn = (head: Head): number => lastServed.get(servedKey(head.destination, head.owner)) ?? 0;

  let best: Head | undefined;
  for (const head of heads) {
    if (busy.has(head.lane) || isFull(head)) continue;
    if (best === undefined || isBefore([turn(head), head], [turn(best), best])) best = head;
  }
  return best;
}

/** Whether there is no place at its destination for one more of its owner. */
function isFullFor(
  inFlight: readonly Pick<InFlight, 'destination' | 'owner' | 'isStill'>[],
  caps: (destination: DestinationName) => number,
): (head: Head) => boolean {
  const moving = new Map<string, number>();
  const still = new Map<string, number>();
  const all = new Map<string, number>();
  const owners = new Set<string>();
  for (const { destination, owner, isStill } of inFlight) {
    addOne(isStill ? still : moving, destination);
    addOne(all, destination);
    owners.add(servedKey(destination, owner));
  }
  return ({ destination, owner }) => {
    const cap = caps(destination);
    const beyond = Math.max(0, (still.get(destination) ?? 0) - cap);
    if ((moving.get(destination) ?? 0) + beyond >= cap) return true;
    return (all.get(destination) ?? 0) >= cap && owners.has(servedKey(destination, owner));
  };
}

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function isBefore([turnA, a]: readonly [number, Head], [turnB, b]: readonly [number, Head]): boolean {
  if (turnA !== turnB) return turnA < turnB;
  if (a.plannedAt !== b.plannedAt) return a.plannedAt < b.plannedAt;
  return a.id < b.id;
}
