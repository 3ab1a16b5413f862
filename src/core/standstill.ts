import type { Clock } from './clock.ts';

/** Who is told when what a delivery waits for does not move, and when it moves again. */
export type Standstill = {
  /** So many milliseconds without a byte either way are one. */
  readonly afterMs: number;
  /** One has begun; what it answers with is called once it is over, or nobody waits any more. */
  readonly begin: () => () => void;
};

/** Well above what a loaded platform or share takes for its next byte, and little beside the two minutes after which silence is given up. */
export const STANDSTILL_MS = 5000;

/** How often something that stands still is looked at. */
const LOOK_MS = 1000;

type Waited = {
  readonly clock: Clock;
  readonly standstill: Standstill | undefined;
  /** On the clock that never jumps: since when nothing has come. Undefined while nothing is waited for. */
  readonly since: () => number | undefined;
};

/** Tells of each standstill until `ended`, and at the latest then that it is over. */
export function watchStandstill({ clock, standstill, since }: Waited, ended: AbortSignal): void {
  if (standstill === undefined) return;
  const { afterMs, begin } = standstill;
  let over: (() => void) | undefined;
  const watch = async (): Promise<void> => {
    while (!ended.aborted) {
      const now = clock.monotonic();
      const left = (since() ?? now) + afterMs - now;
      if (left <= 0) over ??= begin();
      else if (over !== undefined) {
        over();
        over = undefined;
      }
      await clock.sleep(left <= 0 ? Math.min(afterMs, LOOK_MS) : left, ended);
    }
  };
  // The sleep rejects when `ended` fires: that is its end.
  watch()
    .catch(() => undefined)
    .finally(() => over?.());
}
