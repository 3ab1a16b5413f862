import { type DateField, dateEnd } from './match-date.ts';
import { type Pattern, patternEnds, patternStarts } from './pattern.ts';

/** A piece of one '/'-separated segment of a template. */
export type Token =
  | { readonly kind: 'literal'; readonly text: string }
  /** `*`: any number of characters, also none. */
  | { readonly kind: 'any' }
  /** `?`: one character. */
  | { readonly kind: 'one' }
  | { readonly kind: 'part'; readonly name: string; readonly type: PartType };

/**
 * `text` is one character or more; `number` a whole run of digits; `date` the digits of a day that exists; `pattern`
 * what a regular expression or one of several texts matches.
 */
export type PartType =
  | { readonly kind: 'text' }
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  | { readonly kind: 'number' }
  | { readonly kind: 'date'; readonly format: string; readonly fields: readonly DateField[] };

/*
 * Names on a share are made by strangers, so no regular expression is run on them. For every token the positions are
 * marked from which the rest of the segment can be matched; that costs tokens x length, whatever the name is.
 */

/** True when the tokens match the whole name. */
export function matchesSegment(tokens: readonly Token[], name: string): boolean {
  const only = tokens.length === 1 ? tokens[0] : undefined;
  if (only?.kind === 'literal') return only.text === name;
  if (isEverything(tokens)) return true;
  return endsFit(tokens, name) && backward(tokens, name)[0]?.[0] === 1;
}

/** `matchesSegment` that remembers its last answer for each segment: a walk meets the same directory many times over. */
export function rememberMatches(): typeof matchesSegment {
  const last = new Map<readonly Token[], { readonly name: string; readonly answer: boolean }>();
  return (tokens, name) => {
    if (tokens.length === 1) return matchesSegment(tokens, name);
    const known = last.get(tokens);
    if (known?.name === name) return known.answer;
    const answer = matchesSegment(tokens, name);
    last.set(tokens, { name, answer });
    return answer;
  };
}

/** True for a segment that every name matches: `*` or a plain `{part}` alone. */
export function isEverything(tokens: readonly Token[]): boolean {
  const only = tokens.length === 1 ? tokens[0] : undefined;
  return only?.kind === 'any' || (only?.kind === 'part' && only.type.kind === 'text');
}

/** What each part stands for, each as short (a pattern: as long) as it can be from left to right; undefined when the name does not match. */
export function readSegment(tokens: readonly Token[], name: string): readonly Named[] | undefined {
  const rest = backward(tokens, name);
  if (rest[0]?.[0] !== 1) return undefined;
  const named: Named[] = [];
  let at = 0;
  tokens.forEach((token, index) => {
    const end = endIn(token, name, at, rest[index + 1]);
    if (token.kind === 'part') named.push([token.name, name.slice(at, end)]);
    at = end;
  });
  return named;
}
export type Named = readonly [part: string, value: string];

/**
 * Every text that the part called `part` can stand for when the whole name matches, earliest and shortest first,
 * none longer than `longest` UTF-16 units. `{owner}_*` on "a_b_c" has two readings: "a" and "a_b".
 */
export function readings(
  tokens: readonly Token[],
  name: string,
  part: string,
  longest: number,
): readonly string[] {
  const index = tokens.findIndex((token) => token.kind === 'part' && token.name === part);
  if (index < 0 || !endsFit(tokens, name)) return [];
  const starts = forward(tokens.slice(0, index), name);
  const ends = backward(tokens.slice(index + 1), name)[0];
  const found = new Set<string>();
  for (let start = 0; start < name.length; start++) {
    if (starts[start] !== 1) continue;
    for (let end = start + 1; end <= Math.min(name.length, start + longest); end++)
      if (ends?.[end] === 1) found.add(name.slice(start, end));
  }
  return [...found];
}

/** A cheap no for most names: the literal first and last tokens. */
function endsFit(tokens: readonly Token[], name: string): boolean {
  const first = tokens[0];
  const last = tokens.at(-1);
  if (first?.kind === 'literal' && !name.startsWith(first.text)) return false;
  return last?.kind !== 'literal' || name.endsWith(last.text);
}

/** [token][position] = 1 when the tokens from there on match the name from there on. */
function backward(tokens: readonly Token[], name: string): readonly Uint8Array[] {
  const end = new Uint8Array(name.length + 1);
  end[name.length] = 1;
  const tables: Uint8Array[] = [end];
  let next: Uint8Array = end;
  for (const token of tokens.toReversed()) {
    next = before(token, name, next);
    tables.unshift(next);
  }
  return tables;
}

function before(token: Token, name: string, next: Uint8Array): Uint8Array {
  const pattern = patternOf(token);
  if (pattern !== undefined) return patternStarts(pattern, name, next);
  const table = new Uint8Array(name.length + 1);
  const least = fewest(token);
  const furthest = next.lastIndexOf(1);
  if (furthest < 0) return table;
  const endOf = least === undefined ? fixedEnd(token, name) : undefined;
  for (let at = 0; at <= name.length; at++) {
    if (isInsideCharacter(name, at)) continue;
    const fits = endOf === undefined ? furthest >= at + (least ?? 0) : next[endOf(at)] === 1;
    if (fits) table[at] = 1;
  }
  return table;
}

/** [position] = 1 when the tokens match the name up to there. */
function forward(tokens: readonly Token[], name: string): Uint8Array {
  let table = new Uint8Array(name.length + 1);
  table[0] = 1;
  for (const token of tokens) table = after(token, name, table);
  return table;
}

function after(token: Token, name: string, from: Uint8Array): Uint8Array<ArrayBuffer> {
  const pattern = patternOf(token);
  if (pattern !== undefined) return patternEnds(pattern, name, from);
  const table = new Uint8Array(name.length + 1);
  const least = fewest(token);
  const first = from.indexOf(1);
  if (first < 0) return table;
  const endOf = fixedEnd(token, name);
  for (let at = first; at <= name.length; at++) {
    if (least !== undefined) {
      if (at >= first + least && !isInsideCharacter(name, at)) table[at] = 1;
    } else if (from[at] === 1) {
      const end = endOf(at);
      if (end >= 0) table[end] = 1;
    }
  }
  return table;
}

function endIn(token: Token, name: string, at: number, next: Uint8Array | undefined): number {
  const pattern = patternOf(token);
  if (pattern !== undefined) return longestEnd(pattern, name, at, next);
  const least = fewest(token);
  return least === undefined ? fixedEnd(token, name)(at) : (next?.indexOf(1, at + least) ?? -1);
}

function longestEnd(pattern: Pattern, name: string, at: number, next: Uint8Array | undefined): number {
  const from = new Uint8Array(name.length + 1);
  from[at] = 1;
  return patternEnds(pattern, name, from).findLastIndex((fits, end) => fits === 1 && next?.[end] === 1);
}

function patternOf(token: Token): Pattern | undefined {
  return token.kind === 'part' && token.type.kind === 'pattern' ? token.type.pattern : undefined;
}

/** How short a token of free length may be; undefined for a token whose end follows from where it begins. */
function fewest(token: Token): number | undefined {
  if (token.kind === 'any') return 0;
  return token.kind === 'part' && token.type.kind === 'text' ? 1 : undefined;
}

/** Where the token ends when it begins at a position, -1 when it cannot. */
function fixedEnd(token: Token, name: string): (at: number) => number {
  if (token.kind === 'literal')
    return (at) => (name.startsWith(token.text, at) ? at + token.text.length : -1);
  if (token.kind === 'one') return (at) => characterEnd(name, at);
  if (token.kind === 'any' || token.type.kind === 'text' || token.type.kind === 'pattern') return () => -1;
  if (token.type.kind === 'number') {
    const ends = digitRunEnds(name);
    return (at) => ends[at] ?? -1;
  }
  const { fields } = token.type;
  return (at) => dateEnd(fields, name, at);
}

function characterEnd(name: string, at: number): number {
  const code = name.codePointAt(at);
  if (code === undefined) return -1;
  return at + (code > 0xffff ? 2 : 1);
}

function digitRunEnds(name: string): Int32Array {
  const ends = new Int32Array(name.length + 1).fill(-1);
  for (let at = name.length - 1; at >= 0; at--) {
    const code = name.charCodeAt(at);
    const after = ends[at + 1] ?? -1;
    if (code >= 48 && code <= 57) ends[at] = after < 0 ? at + 1 : after;
  }
  return ends;
}

/** Between the two halves of one character outside the basic plane no part may begin or end. */
function isInsideCharacter(name: string, at: number): boolean {
  const low = name.charCodeAt(at);
  if (!(low >= 0xdc00 && low <= 0xdfff)) return false;
  const high = name.charCodeAt(at - 1);
  return high >= 0xd800 && high <= 0xdbff;
}
