import type { Clock } from '../core/clock.ts';

/** Lets so many units a second pass, for all who share it. */
export type Pace = {
  /** Resolves when `units` may pass; rejects with the signal's reason. */
  readonly pass: (units: number, signal: AbortSignal) => Promise<void>;
  /** The units worth a turn: small enough that a change of the rate counts within a second. Undefined: there is no limit now. */
  readonly turn: () => number | undefined;
};

/** `rate` is asked at every turn, so that a timetable counts in the middle of a transfer; undefined = no limit. */
export function createPace(clock: Clock, rate: () => number | undefined): Pace {
  let freeAt = 0;
  return {
    turn: () => {
      const now = rate();
      return now === undefined ? undefined : Math.max(1, Math.floor(now / 4));
    },
    pass: async (units, signal) => {
      const perSecond = rate();
      if (perSecond === undefined) return;
      const now = clock.monotonic();
      const at = Math.max(freeAt, now);
      freeAt = at + (units / perSecond) * 1000;
      if (at > now) await clock.sleep(at - now, signal);
    },
  };
}
