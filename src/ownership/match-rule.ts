import { type OwnerId, type ShareName, shareName } from '../core/ids.ts';
import type { Entry } from '../core/model.ts';
import type { OwnerQuestion } from '../core/owner-source.ts';
import { parentOf, type SharePath, sharePath } from '../core/share-path.ts';
import { type AskedSource, askSources, type Found, type Outcome, type Registers } from './ask-sources.ts';
import type { CompiledRule } from './compile-rule.ts';
import { type matchesSegment, type Named, readings, readSegment, type Token } from './match-segment.ts';
import type { OwnerIndex } from './owner-index.ts';

/** A share path taken apart once for all rules; `segments` ends with the file's name. */
export type PathParts = FileAt & {
  readonly path: SharePath;
  readonly segments: readonly string[];
  readonly instrument: string;
};

/** What is known of a file beside its path. */
export type FileAt = { readonly share: ShareName; readonly entry?: Entry | undefined };

/**
 * What a rule that matches says shall become of the file. `unclear`: its `{owner}` can be read as several owners.
 * `unresolved`: a source could not be asked. `disagree`: two sources name different owners.
 */
export type Claim =
  | { readonly kind: 'owner'; readonly owner: OwnerId }
  | { readonly kind: 'hold'; readonly reason: string }
  | { readonly kind: 'exclude'; readonly reason: string }
  | { readonly kind: 'unclear'; readonly name: string; readonly owners: readonly OwnerId[] }
  | { readonly kind: 'unresolved' | 'disagree'; readonly why: string };

type Facts = Readonly<Record<string, string>>;

export type RuleMatch =
  | {
      readonly kind: 'match';
      readonly claim: Claim;
      readonly instrument: string;
      readonly facts: Facts;
      /** The facts as they stand in the path, before a table turned them into others. */
      readonly read: Facts;
      readonly asked: readonly AskedSource[];
    }
  | {
      readonly kind: 'unknown-owner';
      /** As the path has it; undefined when it was not the path that was asked. */
      readonly name: string | undefined;
      readonly why: string;
      readonly read: Facts;
      readonly asked: readonly AskedSource[];
    }
  | { readonly kind: 'wrong-instrument'; readonly instrument: string }
  | { readonly kind: 'differs' };

const ROOT_INSTRUMENT = '(root)';

/** Of a share that was not named. */
const SOME_SHARE: FileAt = { share: shareName('share') };

export function partsOf(path: SharePath, { share, entry }: FileAt = SOME_SHARE): PathParts {
  const segments = path.split('/');
  const instrument = segments.length > 1 ? (segments[0] ?? '') : ROOT_INSTRUMENT;
  return { path, segments, instrument, share, entry };
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
export type Lookups = Registers & { readonly matches: typeof matchesSegment };

/** Holds one rule against one file's whole path. */
export function matchRule(compiled: CompiledRule, path: PathParts, lookups: Lookups): RuleMatch {
  const { matches } = lookups;
  const fits = compiled.tests.every(({ index, tokens }) => matches(tokens, path.segments[index] ?? ''));
  if (!fits || !isDeepEnough(compiled, path)) return { kind: 'differs' };
  const byPath = lookUp(compiled, path, lookups.owners);
  const named = namedParts(compiled, path, byPath?.name);
  const onPath = named.get('instrument') ?? path.instrument;
  if (compiled.instruments !== undefined && !compiled.instruments.has(onPath))
    return { kind: 'wrong-instrument', instrument: onPath };
  if (compiled.ownerAt >= 0) named.delete('owner');
  const read = Object.fromEntries(named);
  for (const [part, translate] of compiled.translate) named.set(part, translate(named.get(part) ?? ''));
  const instrument = named.get('instrument') ?? path.instrument;
  const said = { instrument, facts: Object.fromEntries(named), read };
  const claim = saidByRule(compiled);
  if (claim !== undefined) return { kind: 'match', claim, ...said, asked: [] };
  return ask(compiled, path, { byPath, ...said }, lookups);
}

type Read = Pick<OwnerQuestion, 'instrument' | 'facts'> & {
  readonly read: Facts;
  readonly byPath: Found | undefined;
};

function ask(
  compiled: CompiledRule,
  path: PathParts,
  { byPath, instrument, facts, read }: Read,
  lookups: Lookups,
): RuleMatch {
  const { rule, sources } = compiled;
  const question = (source: OwnerQuestion['source']): OwnerQuestion => ({
    ...{ source, share: path.share, dataset: datasetOf(compiled, path.path), rule: rule.id },
    ...{ instrument, facts },
  });
  const { outcome, asked } = askSources(
    { order: sources, agree: rule.agree ?? false },
    { byPath, entry: path.entry, question },
    lookups,
  );
  return outcome.kind === 'unknown'
    ? { kind: 'unknown-owner', name: outcome.name, why: outcome.why, read, asked }
    : { kind: 'match', claim: claimOf(outcome), instrument, facts, read, asked };
}

/** The directory that the template spells out before `**`; without `**`, the file's own. */
export function datasetOf({ template }: CompiledRule, path: SharePath): SharePath {
  return template.deep ? firstLevels(path, template.segments.length) : parentOf(path);
}

export function firstLevels(path: SharePath, levels: number): SharePath {
  return sharePath(path.split('/').slice(0, levels).join('/'));
}

function isDeepEnough(compiled: CompiledRule, path: PathParts): boolean {
  const { segments, deep } = compiled.template;
  return deep ? path.segments.length > segments.length : path.segments.length === segments.length;
}

/**
 * `name` is as written in the path: the reading that was found or, when nobody was, the shortest one. Whom the `{owner}` part means. "jan_mueller_run1" under `{owner}_*` may be jan's or jan_mueller's: every reading is
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

/** What a rule says that asks nobody. */
function saidByRule({ rule: { hold, exclude, owner } }: CompiledRule): Claim | undefined {
  if (hold !== undefined) return { kind: 'hold', reason: hold };
  if (exclude !== undefined) return { kind: 'exclude', reason: exclude };
  return owner === undefined ? undefined : { kind: 'owner', owner };
}

function claimOf(outcome: Exclude<Outcome, { kind: 'unknown' }>): Claim {
  if (outcome.kind !== 'owners') return outcome;
  const { name, owners } = outcome;
  return owners.length === 1 ? { kind: 'owner', owner: owners[0] } : { kind: 'unclear', name, owners };
}
