/** One piece of a date format: a number of fixed width, or a character that stands for itself. */
export type DateField =
  | { readonly kind: 'digits'; readonly unit: DateUnit; readonly width: number }
  | { readonly kind: 'sign'; readonly text: string };

export type DateUnit = 'yyyy' | 'yy' | 'MM' | 'dd' | 'HH' | 'mm' | 'ss';

/** Smallest and largest value of each unit. Years outside this are more likely a serial number than a date. */
const RANGES: Readonly<Record<DateUnit, readonly [number, number]>> = {
  yyyy: [1900, 2199],
  yy: [0, 99],
  MM: [1, 12],
  dd: [1, 31],
  HH: [0, 23],
  mm: [0, 59],
  ss: [0, 59],
};

/** The fields of a format like "yyyyMMdd" or "yyyy-MM-dd_HHmm"; throws RangeError when it is not one. */
export function parseDateFormat(format: string): readonly DateField[] {
  const fields: DateField[] = [];
  const seen = new Set<string>();
  for (const piece of format.match(/yyyy|yy|MM|dd|HH|mm|ss|[^]/gu) ?? []) {
    if (isUnit(piece)) {
      if (seen.has(piece)) throw new RangeError(`the date format '${format}' has '${piece}' twice`);
      seen.add(piece);
      fields.push({ kind: 'digits', unit: piece, width: piece.length });
    } else if (/^[-_. T]$/.test(piece)) {
      fields.push({ kind: 'sign', text: piece });
    } else {
      throw new RangeError(`'${piece}' has no meaning in the date format '${format}'`);
    }
  }
  if (seen.size === 0)
    throw new RangeError(`the date format '${format}' has no yyyy, yy, MM, dd, HH, mm or ss`);
  if (seen.has('yyyy') && seen.has('yy')) throw new RangeError(`the date format '${format}' has two years`);
  return fields;
}

function isUnit(text: string): text is DateUnit {
  return Object.hasOwn(RANGES, text);
}

/** Where a date of this format that begins at `from` ends, or -1 when none does (the 30th of February is none). */
export function dateEnd(fields: readonly DateField[], text: string, from: number): number {
  let at = from;
  for (const field of fields) {
    if (!fieldFits(field, text, at)) return -1;
    at += field.kind === 'sign' ? 1 : field.width;
  }
  return isDay(fields, text, from) ? at : -1;
}

function fieldFits(field: DateField, text: string, at: number): boolean {
  if (field.kind === 'sign') return text[at] === field.text;
  const value = digitsAt(text, at, field.width);
  const [least, most] = RANGES[field.unit];
  return value >= least && value <= most;
}

function digitsAt(text: string, at: number, width: number): number {
  let value = 0;
  for (let index = at; index < at + width; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isDay(fields: readonly DateField[], text: string, from: number): boolean {
  const values = new Map<DateUnit, number>();
  let at = from;
  for (const field of fields) {
    if (field.kind === 'digits') values.set(field.unit, digitsAt(text, at, field.width));
    at += field.kind === 'sign' ? 1 : field.width;
  }
  const month = values.get('MM');
  const short = values.get('yy');
  const year = values.get('yyyy') ?? (short === undefined ? undefined : 2000 + short);
  return month === undefined || (values.get('dd') ?? 1) <= daysIn(month, year);
}

function daysIn(month: number, year: number | undefined): number {
  if (month === 2) return year === undefined || isLeap(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
