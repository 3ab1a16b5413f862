/**
 * What leaves us for a terminal, a log or a program. Names on a share and answers of servers are made by strangers and may
 * hold what moves a cursor, fills a clipboard or turns text around. Where they are put into a sentence `printable` says
 * them; this is the net below it, for what was overlooked.
 */

/** Control and format characters, line separators and lone surrogates; a newline and a tab are none. */
const UNPRINTABLE = /[[\p{Cc}--[\n\t]]\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gv;
/** The same, or a colour of ours. */
const UNPRINTABLE_OR_COLOUR = new RegExp(String.raw`\u001b\[[\d;]*m|${UNPRINTABLE.source}`, 'gv');

/** One line of JSON that means the same and holds nothing unprintable. */
export function jsonOf(value: unknown): string {
  return plainJson(JSON.stringify(value));
}

/** The same for JSON that is text already: such characters are only ever within its strings. */
export function plainJson(json: string): string {
  return json.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text of many lines as it may be shown: colours stay, all else that is unprintable is spelled out. */
export function plainText(text: string): string {
  return text.replace(UNPRINTABLE_OR_COLOUR, (found) => {
    if (found.length > 1) return found;
    const code = found.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}
