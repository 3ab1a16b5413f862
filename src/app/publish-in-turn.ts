import type { Clock } from '../core/clock.ts';
import type { BatchId, DestinationName, OwnerId } from '../core/ids.ts';
import { waitAtMost } from '../core/wait-at-most.ts';

type Delivered = { readonly id: BatchId; readonly owner: OwnerId; readonly destination: DestinationName };

type InTurnParts = {
  readonly publish: (id: BatchId, signal: AbortSignal) => Promise<unknown>;
  /** At most so many at a time at a destination. */
  readonly most: (destination: DestinationName) => number;
  readonly clock: Clock;
  /** Told of what went wrong in between; it goes on. */
  readonly onError: (thrown: unknown) => void;
};

export type PublishInTurn = {
  readonly add: (delivered: Delivered) => void;
  /** True while anything is published, or waits for its turn. */
  readonly isAtWork: () => boolean;
  /** Begins nothing more, lets what is under way end within `ms`, and stops the rest. The next evening goes on with it. */
  readonly drain: (ms: number) => Promise<void>;
};

/**
 * Publishes what was delivered beside the deliveries: a publication waits for the platform, and must not keep the worker
 * of somebody else's delivery. Those of an owner go one after another, so that one owner's fill no place of the others.
 */
export function createPublishInTurn({ publish, most, clock, onError }: InTurnParts): PublishInTurn {
  const stop = new AbortController();
  const going = new Map<Delivered, Promise<void>>();
  let waiting: readonly Delivered[] = [];
  let isOver = false;

  const isFree = ({ owner, destination }: Delivered): boolean => {
    const here = [...going.keys()].filter((one) => one.destination === destination);
    return here.length < most(destination) && here.every((one) => one.owner !== owner);
  };
  const beginNext = (): void => {
    for (let next = waiting.find(isFree); next !== undefined; next = waiting.find(isFree)) begin(next);
  };
  const begin = (next: Delivered): void => {
    waiting = waiting.filter((one) => one !== next);
    const ended = publish(next.id, stop.signal)
      .then(() => undefined, onError)
      .finally(() => {
        going.delete(next);
        beginNext();
      });
    going.set(next, ended);
  };
  const ended = async (): Promise<void> => {
    await Promise.all(going.values());
  };
  return {
    add: (delivered) => {
      if (isOver) return;
      waiting = [...waiting, delivered];
      beginNext();
    },
    isAtWork: () => going.size > 0 || waiting.length > 0,
    drain: async (ms) => {
      isOver = true;
      waiting = [];
      await waitAtMost(clock, ms, ended());
      stop.abort();
      await waitAtMost(clock, ms, ended());
    },
  };
}
