/**
 * What moves a cursor, turns text around or is not seen at all, for a class of a regular expression with the flag `v`:
 * control characters, line separators, marks of direction, halves of surrogates, and whatever draws nothing by itself
 * (zero-width spaces and joiners, soft hyphens, tags): two names that look alike are told apart.
 */
export const UNPRINTABLE = String.raw`\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\p{Default_Ignorable_Code_Point}`;

/** One such character spelled out: \xNN for a control character, \u{N} for any other. */
export function spelledOut(char: string): string {
  const hex = (char.codePointAt(0) ?? 0).toString(16);
  return /\p{Cc}/u.test(char) ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}
