/** The day that it is at an instant in a time zone, "2026-12-31". */
export function localDay(at: number, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(at);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('year').padStart(4, '0')}-${of('month')}-${of('day')}`;
}

/** The first instant that is no more on that day in the time zone, ms since 1970. */
export function endOfDay(day: string, timezone: string): number {
  // A day ends somewhere between these two, whatever the zone; zones begin their days at full minutes.
  let [before, after] = [
    Date.parse(`${day}T00:00:00Z`) - 14 * HOUR_MS,
    Date.parse(`${day}T00:00:00Z`) + 40 * HOUR_MS,
  ];
  while (after - before > MINUTE_MS) {
    const middle = before + Math.floor((after - before) / 2 / MINUTE_MS) * MINUTE_MS;
    if (localDay(middle, timezone) <= day) before = middle;
    else after = middle;
  }
  return after;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
