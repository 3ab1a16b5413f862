import { type Clock, systemClock } from '../../src/core/clock.ts';
import { untilTrue } from './until.ts';

/** Time passes as a test says, however busy the machine is. Whoever sleeps wakes often, and looks what time it is. */
export type LeapingClock = Clock & {
  /** So much later; resolves when those who sleep have looked. */
  readonly leap: (ms: number) => Promise<void>;
};

const NAP_MS = 2;

export function leapingClock(): LeapingClock {
  let at = 1_000_000;
  let naps = 0;
  return {
    now: () => at,
    monotonic: () => at,
    sleep: async (ms, signal) => {
      naps += 1;
      await systemClock.sleep(Math.min(ms, NAP_MS), signal);
    },
    leap: async (ms) => {
      at += ms;
      const before = naps;
      await untilTrue(() => naps > before + 1, 'somebody who sleeps looks at the clock');
    },
  };
}
