import type { OwnerId } from '../core/ids.ts';
import type { CompiledRule } from './compile-rule.ts';
import { type matchesSegment, type Named, readings, readSegment, type Token } from './match-segment.ts';
import type { OwnerIndex } from './owner-index.ts';

/** A share path taken apart once for all rules; `segments` ends with the file's name. */
export type PathParts = { readonly segments: readonly string[]; readonly instrument: string };

/** What a rule that matches says shall become of the file. `unclear`: its `{owner}` can be read as several owners. */
export type Claim =
  | { readonly kind: 'owner'; readonly owner: OwnerId }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'exclude'; readonly reason: string }
  | { readonly kind: 'unclear'; readonly name: string; readonly owners: readonly OwnerId[] };

export type RuleMatch =
  | {
      readonly kind: 'match';
      readonly claim: Claim;
      readonly instrument: string;
      readonly facts: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'unknown-owner';
      readonly name: string;
      readonly facts: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'wrong-instrument'; readonly instrument: string }
  | { readonly kind: 'differs' };

const ROOT_INSTRUMENT = '(root)';

export function partsOf(path: string): PathParts {
  const segments = path.split('/');
  return { segments, instrument: segments.length > 1 ? (segments[0] ?? '') : ROOT_INSTRUMENT };
}

/** True unless the file's directory alone already says that the rule cannot match any file in it. */
export function canMatchIn(compiled: CompiledRule, path: PathParts, matches: typeof matchesSegment): boolean {
  const directories = path.segments.length - 1;
  if (!isDeepEnough(compiled, path)) return false;
  return compiled.tests.every(
    ({ index, tokens }) => index >= directories || matches(tokens, path.segments[index] ?? ''),
  );
}

/** What a rule is held against besides the path. */
export type Lookups = { readonly owners: OwnerIndex; readonly matches: typeof matchesSegment };

/** Holds one rule against one file's whole path. */
export function matchRule(compiled: CompiledRule, path: PathParts, { owners, matches }: Lookups): RuleMatch {
  const fits = compiled.tests.every(({ index, tokens }) => matches(tokens, path.segments[index] ?? ''));
  if (!fits || !isDeepEnough(compiled, path)) return { kind: 'differs' };
  const found = lookUp(compiled, path, owners);
  const named = namedParts(compiled, path, found?.name);
  const instrument = named.get('instrument') ?? path.instrument;
  if (compiled.instruments !== undefined && !compiled.instruments.has(instrument))
    return { kind: 'wrong-instrument', instrument };
  if (found !== undefined && found.owners.length === 0)
    return { kind: 'unknown-owner', name: found.name, facts: Object.fromEntries(named) };
  if (compiled.ownerAt >= 0) named.delete('owner');
  return { kind: 'match', claim: claimOf(compiled, found), instrument, facts: Object.fromEntries(named) };
}

function isDeepEnough(compiled: CompiledRule, path: PathParts): boolean {
  const { segments, deep } = compiled.template;
  return deep ? path.segments.length > segments.length : path.segments.length === segments.length;
}

/** `name` is as written in the path: the reading that was found or, when nobody was, the shortest one. */
type Found = { readonly name: string; readonly owners: readonly OwnerId[] };

/**
 * Whom the `{owner}` part means. "jan_mueller_run1" under `{owner}_*` may be jan's or jan_mueller's: every reading is
 * looked up, and two owners are for a person to decide, never for the shorter name to win.
 */
function lookUp(compiled: CompiledRule, path: PathParts, owners: OwnerIndex): Found | undefined {
  const tokens = compiled.template.segments[compiled.ownerAt];
  const name = path.segments[compiled.ownerAt];
  if (tokens === undefined || name === undefined) return undefined;
  const known = new Set<OwnerId>();
  let reading: string | undefined;
  for (const candidate of tokens.length === 1 ? [name] : readings(tokens, name, 'owner', owners.longest)) {
    const found = owners.find(candidate);
    if (found.length > 0) reading ??= candidate;
    for (const owner of found) known.add(owner);
  }
  if (known.size > 1) return { name, owners: [...known].sort() };
  return { name: reading ?? shortestReading(tokens, name), owners: [...known] };
}

function shortestReading(tokens: readonly Token[], name: string): string {
  return readSegment(tokens, name)?.find(([part]) => part === 'owner')?.[1] ?? name;
}

function namedParts(compiled: CompiledRule, path: PathParts, owner: string | undefined): Map<string, string> {
  const named = new Map<string, string>();
  for (const [index, tokens] of compiled.template.segments.entries()) {
    const name = path.segments[index] ?? '';
    const known = index === compiled.ownerAt ? owner : undefined;
    for (const [part, value] of readKnowing(tokens, name, known)) named.set(part, value);
  }
  return named;
}

/** The parts of one segment, with `{owner}` standing for what was found to be the owner's name, if it can. */
function readKnowing(tokens: readonly Token[], name: string, owner: string | undefined): readonly Named[] {
  const only = tokens.length === 1 ? tokens[0] : undefined;
  if (only?.kind === 'part') return [[only.name, name]];
  if (!tokens.some((token) => token.kind === 'part')) return [];
  if (owner === undefined) return readSegment(tokens, name) ?? [];
  const settled = tokens.map(
    (token): Token => (isOwnerPart(token) ? { kind: 'literal', text: owner } : token),
  );
  return readSegment(settled, name) ?? readSegment(tokens, name) ?? [];
}

function isOwnerPart(token: Token): boolean {
  return token.kind === 'part' && token.name === 'owner';
}

function claimOf(compiled: CompiledRule, found: Found | undefined): Claim {
  const { hold, exclude, owner } = compiled.rule;
  if (hold !== undefined) return { kind: 'hold', reason: hold };
  if (exclude !== undefined) return { kind: 'exclude', reason: exclude };
  if (owner !== undefined) return { kind: 'owner', owner };
  const [first, ...others] = found?.owners ?? [];
  // A rule with none of the above has an {owner} part that found someone: compileRule and matchRule saw to it.
  if (first === undefined) throw new TypeError(`${compiled.rule.id} matched without an outcome`);
  if (others.length === 0) return { kind: 'owner', owner: first };
  return { kind: 'unclear', name: found?.name ?? '', owners: [first, ...others] };
}
