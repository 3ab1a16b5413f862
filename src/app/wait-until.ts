import type { Clock } from '../core/clock.ts';

/** Long sleeps are made of steps of this length, so that a clock that jumps, or a machine that slept, is noticed. */
export const STEP_MS = 30_000;

/** Waits for an instant (ms since 1970) in short steps, asking the clock anew each time. False when stopped before. */
export async function waitUntil(instant: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const left = instant - clock.now();
    if (left <= 0) return true;
    await clock.sleep(Math.min(left, STEP_MS), signal).catch(() => undefined);
  }
  return false;
}
