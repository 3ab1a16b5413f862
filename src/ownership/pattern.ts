/**
 * The regular expressions of templates, `{sample:/S\d+/}`. Names on a share are made by strangers, and the engine of
 * the language can be made to hang by one short name; this one goes through a name once, with all the places it can be
 * at in the pattern at the same time: that costs length x size of the pattern, whatever the name is. So there is
 * nothing that needs more than that: no look-around, no back-reference, no lazy or possessive repeats.
 */
import { type PatternNode, parsePattern } from './pattern-syntax.ts';

/** A pattern made ready for both directions: `matchesSegment` goes through a name from its end. */
export type Pattern = { readonly source: string; readonly onward: Program; readonly back: Program };

type Step =
  | { readonly op: 'char'; readonly ranges: Ranges; readonly negated: boolean }
  | { readonly op: 'split'; readonly other: number }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'end' };
type Ranges = readonly (readonly [from: number, to: number])[];
type Program = readonly Step[];

/** Far above what a person writes; `(a{64}){64}` would make a walk of a million names slow. */
const MOST_STEPS = 1000;

/** Throws RangeError saying what is wrong with it. The pattern stands for the whole text of a part. */
export function compilePattern(source: string): Pattern {
  return programsOf(source, parsePattern(source));
}

/** The pattern that one of these texts matches. */
export function oneOf(texts: readonly string[]): Pattern {
  const options = texts.map(
    (text): PatternNode => ({
      kind: 'sequence',
      items: Array.from(text, (char) => ({ kind: 'char', ranges: [only(char)], negated: false })),
    }),
  );
  return programsOf(texts.join('|'), { kind: 'choice', options });
}

function only(char: string): readonly [number, number] {
  const code = char.codePointAt(0) ?? 0;
  return [code, code];
}

function programsOf(source: string, node: PatternNode): Pattern {
  const onward = [...stepsOf(node, false, 0), { op: 'end' } as const];
  if (onward.length > MOST_STEPS)
    throw new RangeError(
      `the pattern /${source}/ is too large: ${onward.length} steps, ${MOST_STEPS} at most`,
    );
  const pattern = { source, onward, back: [...stepsOf(node, true, 0), { op: 'end' } as const] };
  if (endsOf(pattern.onward, '', [1])[0] === 1)
    throw new RangeError(`the pattern /${source}/ can be empty: a part has at least one character`);
  return pattern;
}

/** The steps of a node that will stand from number `at` on; `back`: for reading a name from its end. */
function stepsOf(node: PatternNode, back: boolean, at: number): Step[] {
  switch (node.kind) {
    case 'char':
      return [{ op: 'char', ranges: node.ranges, negated: node.negated }];
    case 'sequence': {
      const steps: Step[] = [];
      for (const item of back ? node.items.toReversed() : node.items) append(steps, item, back, at);
      return steps;
    }
    case 'choice':
      return choiceSteps(node.options, back, at);
    case 'repeat':
      return repeatSteps(node, back, at);
  }
}

function append(steps: Step[], node: PatternNode, back: boolean, at: number): void {
  if (steps.length > MOST_STEPS) return;
  steps.push(...stepsOf(node, back, at + steps.length));
}

function choiceSteps(options: readonly PatternNode[], back: boolean, at: number): Step[] {
  const [first, ...others] = options;
  if (first === undefined) return [];
  if (others.length === 0) return stepsOf(first, back, at);
  const left = stepsOf(first, back, at + 1);
  const right = choiceSteps(others, back, at + left.length + 2);
  const behind = at + left.length + 2;
  return [{ op: 'split', other: behind }, ...left, { op: 'jump', to: behind + right.length }, ...right];
}

function repeatSteps(
  { item, least, most }: Extract<PatternNode, { kind: 'repeat' }>,
  back: boolean,
  at: number,
): Step[] {
  const steps: Step[] = [];
  for (let times = 0; times < least; times++) append(steps, item, back, at);
  if (most === Infinity) {
    const loop = at + steps.length;
    const body = stepsOf(item, back, loop + 1);
    return [...steps, { op: 'split', other: loop + body.length + 2 }, ...body, { op: 'jump', to: loop }];
  }
  for (let times = least; times < most && steps.length <= MOST_STEPS; times++) {
    const here = at + steps.length;
    const body = stepsOf(item, back, here + 1);
    steps.push({ op: 'split', other: here + body.length + 1 }, ...body);
  }
  return steps;
}

/** [position] = 1 where the pattern can end that begins at one of `from`. */
export function patternEnds(
  { onward }: Pattern,
  name: string,
  from: ArrayLike<number>,
): Uint8Array<ArrayBuffer> {
  return endsOf(onward, name, from);
}

/** [position] = 1 where the pattern can begin that ends at one of `to`. */
export function patternStarts(
  { back }: Pattern,
  name: string,
  to: ArrayLike<number>,
): Uint8Array<ArrayBuffer> {
  const starts = new Uint8Array(name.length + 1);
  let places = new Set<number>();
  for (let at = name.length; at >= 0; at -= widthBefore(name, at)) {
    if (to[at] === 1) enter(back, 0, places);
    if (places.has(back.length - 1)) starts[at] = 1;
    if (at > 0) places = read(back, places, name.codePointAt(at - widthBefore(name, at)) ?? 0);
  }
  return starts;
}

function endsOf(program: Program, name: string, from: ArrayLike<number>): Uint8Array<ArrayBuffer> {
  const ends = new Uint8Array(name.length + 1);
  let places = new Set<number>();
  for (let at = 0; at <= name.length; at += widthAt(name, at)) {
    if (from[at] === 1) enter(program, 0, places);
    if (places.has(program.length - 1)) ends[at] = 1;
    places = read(program, places, name.codePointAt(at) ?? -1);
  }
  return ends;
}

/** Where the program can be after one more character. */
function read(program: Program, places: ReadonlySet<number>, code: number): Set<number> {
  const next = new Set<number>();
  for (const place of places) {
    const step = program[place];
    if (step?.op === 'char' && isIn(step.ranges, code) !== step.negated) enter(program, place + 1, next);
  }
  return next;
}

/** Adds a place and all that are reached from it without a character; each at most once, so loops end. */
function enter(program: Program, first: number, places: Set<number>): void {
  const open = [first];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (places.has(place)) continue;
    places.add(place);
    const step = program[place];
    if (step?.op === 'jump') open.push(step.to);
    if (step?.op === 'split') open.push(place + 1, step.other);
  }
}

const isIn = (ranges: Ranges, code: number): boolean =>
  ranges.some(([from, to]) => code >= from && code <= to);

const widthAt = (name: string, at: number): number => ((name.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
const widthBefore = (name: string, at: number): number =>
  at >= 2 && (name.codePointAt(at - 2) ?? 0) > 0xffff ? 2 : 1;
