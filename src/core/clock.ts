import { setTimeout as sleep } from 'node:timers/promises';

/** The only source of time in the program: a parameter everywhere, so that a test can hold it still. */
export type Clock = {
  /** Milliseconds since 1970, as the system clock tells. */
  readonly now: () => number;
  /** Milliseconds that never jump; only differences mean anything. */
  readonly monotonic: () => number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  },
};

/**
 * The same clock, but what passes on `now` is what passes on `monotonic`: a system clock that is set in the middle of
 * an evening neither settles a file early nor keeps one back.
 */
export function steadyClock(clock: Clock): Clock {
  const offset = clock.now() - clock.monotonic();
  return { ...clock, now: () => Math.round(offset + clock.monotonic()) };
}
