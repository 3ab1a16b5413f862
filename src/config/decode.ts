import type { z } from 'zod';
import { asSchema, type JsonSchema, schemaAt } from './json-schema.ts';
import { withNearest } from './nearest.ts';
import type { Finding, KeyPath } from './problem.ts';
import { describeFound, quote, valueAt } from './raw-value.ts';

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly findings: readonly Finding[] };

type Issue = z.core.$ZodIssue;
type Whole = { readonly raw: unknown; readonly json: JsonSchema };

/**
 * Checks a raw value against a strict schema; a failure lists everything that is wrong with it. `json` is asked for its
 * words only then: to make it costs more than all the rest.
 */
export function decode<T>(schema: z.ZodType<T>, json: () => JsonSchema, raw: unknown): Decoded<T> {
  const result = schema.safeParse(raw);
  if (result.success) return { ok: true, value: result.data };
  const whole: Whole = { raw, json: json() };
  return { ok: false, findings: result.error.issues.flatMap((issue) => findingsOf(issue, whole)) };
}

function findingsOf(issue: Issue, whole: Whole): Finding[] {
  const path = keyPath(issue.path);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], whole));
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? 'expected a name';
    return [{ path, onKey: true, message: `${expected}, found ${quote(String(path.at(-1)))}` }];
  }
  const found = valueAt(whole.raw, path);
  const message = `${expectation(issue, path, whole)}, found ${describeFound(found, path)}`;
  const choices = choicesOf(issue);
  const hint = typeof found === 'string' ? withNearest(found, choices) : {};
  return [{ path, message, ...hint }];
}

function unknownKey(path: KeyPath, whole: Whole): Finding {
  const key = String(path.at(-1));
  const schema = schemaAt(whole.json, path.slice(0, -1), (at) => valueAt(whole.raw, at));
  const known = Object.keys(schema?.properties ?? {});
  const message = `unknown key ${quote(key)}, expected one of: ${known.join(', ')}`;
  return { path, onKey: true, message, ...withNearest(key, known) };
}

function choicesOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  const options: unknown = issue.code === 'invalid_union' && 'options' in issue ? issue.options : [];
  return Array.isArray(options) ? options.map(String) : [];
}

function expectation(issue: Issue, path: KeyPath, whole: Whole): string {
  if (issue.code === 'invalid_type') return `expected ${describeType(issue.expected, path, whole)}`;
  if (issue.code === 'too_small')
    return `expected at least ${issue.minimum}${unitOf(issue.origin, issue.minimum)}`;
  if (issue.code === 'too_big')
    return `expected at most ${issue.maximum}${unitOf(issue.origin, issue.maximum)}`;
  const choices = choicesOf(issue);
  return choices.length > 0 ? `expected ${choices.map(quote).join(' or ')}` : issue.message;
}

function unitOf(origin: string, count: number | bigint): string {
  const plural = Number(count) === 1 ? '' : 's';
  if (origin === 'string') return ` character${plural}`;
  return origin === 'array' ? (Number(count) === 1 ? ' entry' : ' entries') : '';
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  object: 'a mapping (key: value)',
  record: 'a mapping (name: block)',
  array: 'a list',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
};

/** "a duration such as "20m"" rather than "a text", where the schema knows more than the type. */
function describeType(type: string, path: KeyPath, whole: Whole): string {
  const schema = asSchema(schemaAt(whole.json, path, (at) => valueAt(whole.raw, at)));
  if (type !== 'string' || schema === undefined) return TYPE_WORDS[type] ?? type;
  const words = schema.title === undefined ? 'a text' : `${article(schema.title)} ${schema.title}`;
  const example: unknown = schema.examples?.[0] ?? schema.default;
  const quotes = valueAt(whole.raw, path) === undefined ? '' : ' (in quotes, if it looks like a number)';
  return typeof example === 'string' ? `${words} such as ${quote(example)}` : `${words}${quotes}`;
}

const article = (noun: string): string => (/^[aeio]/i.test(noun) ? 'an' : 'a');

const keyPath = (path: readonly PropertyKey[]): KeyPath =>
  path.map((part) => (typeof part === 'number' ? part : String(part)));
