import { parseDateFormat } from './match-date.ts';
import type { PartType, Token } from './match-segment.ts';
import { compilePattern, oneOf } from './pattern.ts';

/** A template taken apart. `deep` when it ends in `**`, which is not among the segments. */
export type Template = {
  readonly text: string;
  readonly segments: readonly (readonly Token[])[];
  /** Each segment as it is written. */
  readonly texts: readonly string[];
  readonly deep: boolean;
};

/**
 * Reads a rule's `match`: segments separated by '/', from the share's root down to the file. A segment is made of
 * - text that stands for itself, compared exactly;
 * - `*` for any number of characters and `?` for one, never '/';
 * - `{name}` for one character or more, as few as make the rest fit; `{owner}` is looked up among the owners;
 * - `{name:number}` for a whole run of digits, `{name:yyyy-MM-dd}` for the digits of a date that exists;
 * - `{name:raw|processed}` for one of these texts, `{name:/S\d+/}` for a text that the pattern matches: as many
 *   characters as leave the rest fitting.
 * `**` may only be the last segment: every file below, at any depth. Throws RangeError saying what is wrong.
 */
export function parseTemplate(text: string): Template {
  if (text.startsWith('/'))
    throw new RangeError("it begins with '/': paths begin at the share's root without one");
  const parts = splitSegments(text);
  const deep = parts.at(-1) === '**';
  const texts = deep ? parts.slice(0, -1) : parts;
  const segments = texts.map(parseSegment);
  refuseTwins(segments.flat());
  return { text, segments, texts, deep };
}

/** At each '/' but those of a pattern, `{sample:/S\d+/}`. */
function splitSegments(text: string): readonly string[] {
  const segments = [''];
  for (const piece of text.match(PIECES) ?? []) {
    if (piece === '/') segments.push('');
    else segments.push(`${segments.pop() ?? ''}${piece}`);
  }
  return segments;
}

const PATTERN = /\{[^{}:/]*:\/.*?\/\}/gsu;
/** A part with a pattern, any other part, a wildcard, text between them, or a '/'. */
const PIECES = /\{[^{}:/]*:\/.*?\/\}|\{[^{}/]*\}|[*?/]|[^*?{}/]+|[{}]/gsu;

function parseSegment(text: string): readonly Token[] {
  if (text === '')
    throw new RangeError('it has an empty segment: nothing, or two / in a row, or a / at the end');
  if (text === '.' || text === '..') throw new RangeError(`'${text}' cannot be a segment`);
  if (text.replaceAll(PATTERN, '').includes('\\'))
    throw new RangeError(`'\\' cannot be used: write '/' between directories`);
  if (text.replaceAll(PATTERN, '').includes('**'))
    throw new RangeError("'**' may only stand alone as the last segment");
  const tokens: Token[] = [];
  for (const piece of text.match(PIECES) ?? []) tokens.push(parsePiece(piece));
  refuseTouching(tokens);
  return tokens;
}

function parsePiece(piece: string): Token {
  if (piece === '*') return { kind: 'any' };
  if (piece === '?') return { kind: 'one' };
  if (piece === '{' || piece === '}')
    throw new RangeError(
      `'${piece}' without its other half in the same segment ('?' matches a brace in a name)`,
    );
  return piece.startsWith('{') ? parsePart(piece.slice(1, -1)) : { kind: 'literal', text: piece };
}

function parsePart(inner: string): Token {
  const colon = inner.indexOf(':');
  const name = colon < 0 ? inner : inner.slice(0, colon);
  if (!/^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name))
    throw new RangeError(`'{${inner}}': a part is named with letters, digits and '_', a letter first`);
  const type = parseType(colon < 0 ? undefined : inner.slice(colon + 1));
  if (name === 'owner' && type.kind !== 'text')
    throw new RangeError(`'{${inner}}': write {owner}, it is looked up among the owners as it is`);
  return { kind: 'part', name, type };
}

function parseType(text: string | undefined): PartType {
  if (text === undefined) return { kind: 'text' };
  if (text === 'number') return { kind: 'number' };
  if (text.startsWith('/')) return { kind: 'pattern', pattern: compilePattern(text.slice(1, -1)) };
  if (text.includes('|')) return { kind: 'pattern', pattern: oneOf(choicesOf(text)) };
  return { kind: 'date', format: text, fields: parseDateFormat(text) };
}

function choicesOf(text: string): readonly string[] {
  const choices = text.split('|');
  if (choices.includes('')) throw new RangeError(`'${text}': one of the texts between '|' is empty`);
  const wild = choices.find((choice) => /[*?\\]/.test(choice));
  if (wild !== undefined)
    throw new RangeError(`'${wild}' is compared exactly: '*', '?' and '\\' cannot be in it`);
  return choices;
}

/** Two plain parts side by side have no border anyone could find; a number before digits would swallow them. */
function refuseTouching(tokens: readonly Token[]): void {
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    if (token.kind !== 'part' || before?.kind !== 'part') continue;
    const bothText = token.type.kind === 'text' && before.type.kind === 'text';
    const bothDigits = ['number', 'date'].includes(token.type.kind) && before.type.kind === 'number';
    if (bothText || bothDigits)
      throw new RangeError(
        `nothing separates {${before.name}} and {${token.name}}: put a character between them`,
      );
  }
}

function refuseTwins(tokens: readonly Token[]): void {
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'part') continue;
    if (seen.has(token.name)) throw new RangeError(`{${token.name}} is there twice`);
    seen.add(token.name);
  }
}
