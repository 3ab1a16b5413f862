import { Cron } from 'croner';

/** When evenings happen. Times of day are "HH:MM" in `timezone` (IANA name; undefined = the machine's own). */
export type Schedule = {
  readonly evening: string;
  /** The time of day at which a run is cut and the rest is left for the next one. */
  readonly until?: string | undefined;
  readonly timezone?: string | undefined;
  /** "mon" to "sun"; undefined = every day. */
  readonly days?: readonly string[] | undefined;
};

const LOOK_BACK_MS = 8 * 24 * 3_600_000;

/** The first evening after `after`, ms since 1970. On a night when the clock skips the hour it is the next one that exists. */
export function nextEvening(schedule: Schedule, after: number): number {
  return instantAfter(schedule, schedule.evening, schedule.days, after);
}

/**
 * The newest evening that should have started by `now` and did not, if any: a machine that slept through the evening
 * catches up once. `lastDueAt`: the newest evening that was started; undefined (nothing ever ran) owes nothing.
 */
export function missedEvening(
  schedule: Schedule,
  now: number,
  lastDueAt: number | undefined,
): number | undefined {
  if (lastDueAt === undefined) return undefined;
  let newest: number | undefined;
  for (
    let at = nextEvening(schedule, Math.max(lastDueAt, now - LOOK_BACK_MS));
    at <= now;
    at = nextEvening(schedule, at)
  )
    newest = at;
  return newest;
}

/** When a run that was due at `dueAt` must end; undefined = no end is set. */
export function windowEnd(schedule: Schedule, dueAt: number): number | undefined {
  return schedule.until === undefined ? undefined : instantAfter(schedule, schedule.until, undefined, dueAt);
}

/** True between an evening and the end of its window, or always when no end is set. */
export function isWithinWindow(schedule: Schedule, now: number): boolean {
  const end = windowEnd(schedule, now);
  return end === undefined || end < nextEvening(schedule, now);
}

function instantAfter(
  schedule: Schedule,
  time: string,
  days: readonly string[] | undefined,
  after: number,
): number {
  const [hour = '0', minute = '0'] = time.split(':');
  const cron = new Cron(
    `0 ${Number(minute)} ${Number(hour)} * * ${days === undefined ? '*' : days.join(',')}`,
    schedule.timezone === undefined ? {} : { timezone: schedule.timezone },
  );
  const next = cron.nextRun(new Date(after));
  if (next === null)
    throw new RangeError(`the schedule has no evening after ${new Date(after).toISOString()}`);
  return next.getTime();
}
