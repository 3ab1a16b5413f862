/** Durations and sizes are text only in YAML and for people; everywhere else they are milliseconds and bytes. */

const MS_OF = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
const DURATION = /^(?:(\d+)d)?\s?(?:(\d+)h)?\s?(?:(\d+)m)?\s?(?:(\d+)s)?\s?(?:(\d+)ms)?$/;

const BYTES_OF: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['tb', 1e12],
  ['kib', 2 ** 10],
  ['mib', 2 ** 20],
  ['gib', 2 ** 30],
  ['tib', 2 ** 40],
]);
const SIZE = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/;
const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** "30m", "1h30m", "500ms" as milliseconds; throws RangeError for anything else, a missing unit included. */
export function parseDuration(text: string): number {
  const parts = DURATION.exec(text.trim());
  if (parts === null || text.trim() === '') throw new RangeError(`not a duration: ${JSON.stringify(text)}`);
  const [, days, hours, minutes, seconds, millis] = parts;
  const ms =
    Number(days ?? 0) * MS_OF.d +
    Number(hours ?? 0) * MS_OF.h +
    Number(minutes ?? 0) * MS_OF.m +
    Number(seconds ?? 0) * MS_OF.s +
    Number(millis ?? 0);
  if (!Number.isSafeInteger(ms)) throw new RangeError(`duration is too long: ${JSON.stringify(text)}`);
  return ms;
}

/** Milliseconds as the shortest exact text that `parseDuration` reads back; parts of a millisecond are dropped. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`not a number of milliseconds: ${ms}`);
  let left = Math.trunc(ms);
  let text = '';
  for (const [unit, size] of Object.entries(MS_OF)) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

/** "2 GiB", "500 MB", "1.5TiB" as bytes; throws RangeError for anything else, a missing unit included. */
export function parseSize(text: string): number {
  const parts = SIZE.exec(text.trim());
  const unit = BYTES_OF.get((parts?.[2] ?? '').toLowerCase());
  if (parts === null || unit === undefined) throw new RangeError(`not a size: ${JSON.stringify(text)}`);
  const bytes = Math.round(Number(parts[1]) * unit);
  if (!Number.isSafeInteger(bytes)) throw new RangeError(`size is too large: ${JSON.stringify(text)}`);
  return bytes;
}

/** Bytes for people, rounded to one decimal: "512 B", "1.2 GiB". */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) throw new RangeError(`not a number of bytes: ${bytes}`);
  let value = Math.round(bytes);
  let unit: string = BINARY_UNITS[0];
  for (const larger of BINARY_UNITS.slice(1)) {
    if (rounded(value) < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return `${rounded(value)} ${unit}`;
}

const rounded = (value: number): number => Math.round(value * 10) / 10;

/** A number with its noun: "1 file", "2,000 files". */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? noun : plural}`;
}
