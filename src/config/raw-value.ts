import { printable } from '../core/share-path.ts';
import type { KeyPath } from './problem.ts';

/** What stands in a YAML file before anything is known about it. */
export type RawMapping = Readonly<Record<string, unknown>>;

const SHOWN_CHARACTERS = 60;

export function isMapping(value: unknown): value is RawMapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path; undefined when there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = Reflect.get(at, part);
  }
  return at;
}

/** What was found, for a person; texts that may hold a secret are not shown. */
export function describeFound(value: unknown, path: KeyPath): string {
  if (value === undefined) return 'nothing: the key is missing';
  if (value === null) return path.length === 0 ? 'an empty file' : 'nothing after the key';
  if (typeof value === 'string')
    return mayBeSecret(value, path) ? 'a text that is not shown here' : quote(value);
  if (typeof value === 'bigint' || typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'object') return describeCollection(value);
  return value === true ? 'true' : 'false';
}

function describeCollection(value: object): string {
  const size = Object.keys(value).length;
  if (Array.isArray(value)) return size === 0 ? 'an empty list' : `a list of ${size}`;
  return size === 0 ? 'an empty mapping' : 'a mapping';
}

/** A token's name may be the token itself, an address may hold a password. */
const mayBeSecret = (value: string, path: KeyPath): boolean =>
  path.at(-1) === 'token' || path[0] === 'redis' || /:\/\/[^/]*@/.test(value);

export function quote(value: string): string {
  const shown = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
  return `"${printable(shown)}"`;
}
