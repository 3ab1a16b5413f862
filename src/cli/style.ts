import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** Text in a style where `stream` is a terminal that wants colours (NO_COLOR and FORCE_COLOR are obeyed), else plain. */
export function style(stream: NodeJS.WriteStream, format: Format, text: string): string {
  return styleText(format, text, { stream });
}

/** Rows as aligned columns; numbers (columns in `right`) flush right. Widths count characters, styles must come later. */
export function columns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, at) => (right.includes(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** A local day and time of day, to the minute. */
export function dayAndTime(ms: number): string {
  const date = new Date(ms);
  return `${date.toLocaleDateString('sv-SE')} ${date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })}`;
}

/** A local time of day, with the date when it is not today's. */
export function clockTime(ms: number, now: number): string {
  const date = new Date(ms);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  if (date.toDateString() === new Date(now).toDateString()) return time;
  return `${date.toLocaleDateString('sv-SE')} ${time}`;
}
