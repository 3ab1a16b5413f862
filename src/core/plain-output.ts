import { spelledOut, UNPRINTABLE } from './unprintable.ts';

/**
 * What leaves us for a terminal, a log or a program. Names on a share and answers of servers are made by strangers and may
 * hold what moves a cursor, fills a clipboard or turns text around. Where they are put into a sentence `printable` says
 * them; this is the net below it, for what was overlooked.
 */

/** A newline and a tab are none here. */
const FOUND = String.raw`[[${UNPRINTABLE}]--[\n\t]]`;
const ANY = new RegExp(FOUND, 'gv');
const ANY_OR_COLOUR = new RegExp(String.raw`\u001b\[[\d;]*m|${FOUND}`, 'gv');
const COLOUR = '\u001b[';

/** One line of JSON that means the same and holds nothing unprintable. */
export function jsonOf(value: unknown): string {
  return plainJson(JSON.stringify(value));
}

/** The same for JSON that is text already: such characters are only ever within its strings. */
export function plainJson(json: string): string {
  return json.replace(ANY, (char) => char.replaceAll(/[^]/g, (unit) => `\\u${hexOfUnit(unit)}`));
}

const hexOfUnit = (unit: string): string => unit.charCodeAt(0).toString(16).padStart(4, '0');

/** A text of many lines as it may be shown: colours stay, all else that is unprintable is spelled out. */
export function plainText(text: string): string {
  return text.replace(ANY_OR_COLOUR, (found) => (found.startsWith(COLOUR) ? found : spelledOut(found)));
}
