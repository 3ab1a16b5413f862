import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { KeyPath } from './problem.ts';

type Position = { readonly line: number; readonly column: number };
type YamlProblem = Position & { readonly message: string };

/** A YAML text that could be read: its plain value, and where each part of it stands. */
export type YamlSource = {
  readonly value: unknown;
  /** Position of a value (or its key). For a path that is not there: of the nearest part above it that is. */
  readonly positionOf: (path: KeyPath, onKey?: boolean) => Position;
};

/** Enough for a few shared blocks, far too few for a text that grows to gigabytes ("billion laughs"). */
const MAX_ALIASES = 100;

const MAX_SYNTAX_PROBLEMS = 20;

/** Names that every JavaScript object has: as keys they would be mistaken for the object's own machinery. */
const RESERVED_KEYS: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
]);

/** Reads one YAML document strictly: doubled keys, tags, several documents and bombs are problems. */
export function readYaml(text: string): YamlSource | readonly YamlProblem[] {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      ...{ lineCounter: lines, prettyErrors: false, strict: true },
      // The library compares every key with every other: a text of some kilobytes would stop everything for seconds.
      uniqueKeys: false,
    });
    const problems = [
      ...[...document.errors, ...document.warnings].map((error) => ({
        ...position(lines, error.pos[0]),
        message: `not valid YAML: ${error.message}`,
      })),
      ...keyProblems(document, lines),
    ];
    if (problems.length > 0) return firstOnes(problems);
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    return { value, positionOf: (path, onKey) => locate(document, lines, { path, onKey: onKey === true }) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ line: 1, column: 1, message: `this YAML is refused: ${reason}` }];
  }
}

/** One slip makes the parser complain again and again: each place once, and no more than a screenful. */
function firstOnes(problems: readonly YamlProblem[]): readonly YamlProblem[] {
  const byPlace = new Map(problems.map((problem) => [`${problem.line}:${problem.column}`, problem]));
  return [...byPlace.values()].slice(0, MAX_SYNTAX_PROBLEMS);
}

function keyProblems(document: Document, lines: LineCounter): YamlProblem[] {
  const problems: YamlProblem[] = [];
  visit(document, {
    Map: (_, map) => {
      for (const key of doubledKeys(map))
        problems.push({ ...start(lines, key), message: 'not valid YAML: Map keys must be unique' });
    },
    Pair: (_, pair) => {
      if (!isScalar(pair.key)) {
        problems.push({ ...start(lines, pair.key), message: 'expected a plain name as key' });
      } else if (RESERVED_KEYS.has(String(pair.key.value))) {
        const message = `"${String(pair.key.value)}" cannot be used as a key: JavaScript reserves it`;
        problems.push({ ...start(lines, pair.key), message });
      }
    },
  });
  return problems;
}

/** Keys that are there before, by the name that an object gives them: 1 and "1" are one. */
function doubledKeys({ items }: YAMLMap): unknown[] {
  const seen = new Set<string>();
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    const name = String(key.value);
    if (seen.has(name)) return [key];
    seen.add(name);
    return [];
  });
}

function locate(document: Document, lines: LineCounter, what: { path: KeyPath; onKey: boolean }): Position {
  let node: unknown = document.contents;
  let place: unknown = node;
  for (const [depth, part] of what.path.entries()) {
    const pair = childOf(resolved(document, node), part);
    if (pair === undefined) return start(lines, place);
    node = pair.value;
    const isLast = depth === what.path.length - 1;
    place = (isLast && what.onKey) || pair.value === null ? pair.key : (pair.value ?? pair.key);
    if (!isLast) place = pair.key ?? pair.value;
  }
  return start(lines, place);
}

type Child = { readonly key: unknown; readonly value: unknown };

function childOf(node: unknown, part: string | number): Child | undefined {
  if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
    return { key: undefined, value: node.items[part] };
  }
  return isMap(node) ? pairOf(node, String(part)) : undefined;
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
}

function resolved(document: Document, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function start(lines: LineCounter, node: unknown): Position {
  const range = hasRange(node) ? node.range : undefined;
  return position(lines, range?.[0] ?? 0);
}

const hasRange = (node: unknown): node is Node =>
  typeof node === 'object' && node !== null && 'range' in node;

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}
