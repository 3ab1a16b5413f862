/** One line of a timetable: from `from` to `to` ("HH:MM", over midnight where `to` is earlier), or always. */
export type TimetableLine<T> = { readonly from?: string; readonly to?: string; readonly value: T };

const MINUTE_MS = 60_000;

/** What counts at an instant (ms since 1970) by the clocks of a time zone: the first line that fits. */
export function timetable<T>(
  lines: readonly TimetableLine<T>[],
  timezone: string,
): (at: number) => T | undefined {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  let last: { readonly minute: number; readonly value: T | undefined } | undefined;
  return (at) => {
    const minute = Math.floor(at / MINUTE_MS);
    if (last?.minute !== minute) {
      const time = format.format(at);
      last = { minute, value: lines.find((line) => isWithin(line, time))?.value };
    }
    return last.value;
  };
}

function isWithin({ from = '00:00', to = '24:00' }: TimetableLine<unknown>, time: string): boolean {
  return from < to ? from <= time && time < to : from <= time || time < to;
}
