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

/** More than the clocks of one host differ by. */
export const CLOCKS_APART_MS = 60_000;

/** True of a time that was written by a clock which was ahead and has been set back since: it means nothing. */
export function isDatedAhead(at: number, now: number): boolean {
  return at > now + CLOCKS_APART_MS;
}

/** A clock that can be held: until it is released, a system clock that is set does not move it. */
export type HoldableClock = Clock & { readonly hold: () => Disposable };

export function holdableClock(clock: Clock): HoldableClock {
  let current = clock;
  return {
    ...clock,
    now: () => current.now(),
    hold: () => {
      current = steadyClock(clock);
      return {
        [Symbol.dispose]: () => {
          current = clock;
        },
      };
    },
  };
}

/** Tells at each call whether the clock was set back since the call before: what was to be at a time would be late by as much. */
export function setBackWatch(clock: Pick<Clock, 'now' | 'monotonic'>): () => boolean {
  let before = clock.now() - clock.monotonic();
  return () => {
    const offset = clock.now() - clock.monotonic();
    const isSetBack = isDatedAhead(before, offset);
    before = offset;
    return isSetBack;
  };
}
