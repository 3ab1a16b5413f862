/** The recording of the real v1.3.10 as data, and how an answer is compared with it. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const text = z.record(z.string(), z.string());
const recordedAnswer = z.object({
  status: z.number(),
  content_type: z.string(),
  www_authenticate: z.string().optional(),
  location: z.string().optional(),
  body: z.unknown(),
});
const exchange = z.object({
  name: z.string(),
  request: z
    .object({ method: z.string(), path: z.string(), query: text, headers: text, body: z.string().nullable() })
    .optional(),
  answer: recordedAnswer.optional(),
  after: z.record(z.string(), z.unknown()).optional(),
});
export type Exchange = z.infer<typeof exchange>;

export async function readRecording(): Promise<readonly Exchange[]> {
  const file = new URL('recorded-v1.3.json', import.meta.url);
  return z.object({ records: z.array(exchange) }).parse(JSON.parse(await readFile(file, 'utf8'))).records;
}

/** Placeholder → value; those not known yet are bound by the first answer that shows them. */
export type Bindings = Map<string, string>;

/** What a pattern stands for; they are never bound. */
const PATTERNS: readonly (readonly [string, string])[] = [
  ['<timestamp>', String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}`],
  ['<jwt>', String.raw`[\w-]+\.[\w-]+\.[\w-]+`],
  ['<staging>', String.raw`/\S*/\.volumes/fs/staging/\w\w|/\S*/\.volumes/fs/staging/[\w-]{2}`],
  ['<traceback>', String.raw`[\s\S]+`],
];
const UPLOAD_ID = '[A-Za-z0-9_-]{22}';

export function bind(recorded: string, bindings: Bindings): string {
  return recorded.replace(/\{[a-z][\w:-]*\}/g, (placeholder) => bindings.get(placeholder) ?? placeholder);
}

/** The differences between what was recorded and what came, each as "path: recorded … came …". */
export function differences(recorded: unknown, came: unknown, bindings: Bindings, at = '$'): string[] {
  if (typeof recorded === 'string') return matchText(recorded, came, bindings, at);
  if (Array.isArray(recorded)) {
    if (!Array.isArray(came) || came.length !== recorded.length)
      return [`${at}: ${show(recorded)} ≠ ${show(came)}`];
    return recorded.flatMap((one, index) => differences(one, came[index], bindings, `${at}[${index}]`));
  }
  if (typeof recorded !== 'object' || recorded === null)
    return recorded === came ? [] : [`${at}: ${show(recorded)} ≠ ${show(came)}`];
  if (typeof came !== 'object' || came === null) return [`${at}: ${show(recorded)} ≠ ${show(came)}`];
  const there = new Map<string, unknown>(Object.entries(came));
  const missing = Object.entries(recorded).flatMap(([key, value]) =>
    there.has(key) ? differences(value, there.get(key), bindings, `${at}.${key}`) : [`${at}.${key}: missing`],
  );
  const extra = [...there.keys()]
    .filter((key) => !(key in recorded))
    .map((key) => `${at}.${key}: not recorded`);
  return [...missing, ...extra];
}

function matchText(recorded: string, came: unknown, bindings: Bindings, at: string): string[] {
  const wrong = [`${at}: ${show(bind(recorded, bindings))} ≠ ${show(came)}`];
  if (typeof came !== 'string') return wrong;
  const known = bind(recorded, bindings);
  const open = /\{u[\w-]*\}/.exec(known)?.[0];
  let pattern = RegExp.escape(known);
  for (const [name, source] of PATTERNS) pattern = pattern.replaceAll(RegExp.escape(name), `(?:${source})`);
  if (open !== undefined) pattern = pattern.replace(RegExp.escape(open), `(${UPLOAD_ID})`);
  const found = new RegExp(`^${pattern}$`).exec(came);
  if (found === null) return wrong;
  if (open !== undefined && found[1] !== undefined) bindings.set(open, found[1]);
  return [];
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';
