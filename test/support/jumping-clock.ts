import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.ts';

/** The system's clock as a person or a time server sets it: what passes goes on, what it tells jumps. */
export type JumpingClock = Clock & { readonly jump: (ms: number) => void };

export function jumpingClock(): JumpingClock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now(),
    sleep: async (ms, signal) => {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    },
    jump: (ms) => {
      ahead += ms;
    },
  };
}
