import { type CompiledRule, compileRules } from './compile-rule.ts';
import type { Mapping } from './mapping.ts';
import { isEverything, matchesSegment, type Token } from './match-segment.ts';
import { createOwnerIndex, type OwnerIndex } from './owner-index.ts';

/** A rule that cannot do what its writer wanted, and why. */
export type NeverMatching = { readonly rule: string; readonly at: string; readonly reason: string };

/**
 * Rules that decide nothing, whatever is on the share: they match no path, or an earlier rule matches all that they do.
 * Only what is certain is reported; a rule not named here may still match nothing. Throws CONFIG_INVALID like
 * `createAssigner`.
 */
export function neverMatching(mapping: Mapping): readonly NeverMatching[] {
  const rules = compileRules(mapping);
  const owners = createOwnerIndex(mapping.owners);
  const found: NeverMatching[] = [];
  for (const [index, later] of rules.entries()) {
    const reason = impossible(later, mapping) ?? shadowed(later, rules.slice(0, index), owners, mapping);
    if (reason !== undefined) found.push({ rule: later.rule.id, at: later.rule.at, reason });
  }
  return found;
}

function impossible(compiled: CompiledRule, mapping: Mapping): string | undefined {
  if (compiled.ownerAt >= 0 && mapping.owners.length === 0)
    return 'it looks up {owner}, but there are no owners';
  if (compiled.instruments === undefined) return undefined;
  if (compiled.instruments.size === 0) return 'its list of instruments is empty';
  if (compiled.instrumentAt >= 0) return onlyUnfitInstruments(compiled, compiled.instruments);
  const name = literalOf(compiled.template.segments[0]);
  if (name === undefined || compiled.instruments.has(name)) return undefined;
  return `its instrument is always '${name}', which is not among its instruments`;
}

/** `XRD{instrument}` lists instruments without the XRD before them, so any text fits a plain part; numbers do not. */
function onlyUnfitInstruments(compiled: CompiledRule, instruments: ReadonlySet<string>): string | undefined {
  const part = (compiled.template.segments[compiled.instrumentAt] ?? []).filter(
    (token) => token.kind === 'part' && token.name === 'instrument',
  );
  const fits = [...instruments].some((name) => !name.includes('/') && matchesSegment(part, name));
  return fits ? undefined : 'none of its instruments fits its {instrument} part';
}

function shadowed(
  later: CompiledRule,
  earlier: readonly CompiledRule[],
  owners: OwnerIndex,
  mapping: Mapping,
): string | undefined {
  const first = earlier.find((rule) => isCoveredBy(later, rule, owners));
  if (first === undefined) return undefined;
  const before = `${first.rule.id} (${first.rule.at}) comes first and matches everything it does`;
  if (first.rank !== later.rank || agree(first, later, mapping)) return `${before}: it never decides`;
  return `${before}, just as exactly: such files are held, since equal matches are never guessed`;
}

/** Two rules of equal rank that certainly want the same, see `decide`. */
function agree(first: CompiledRule, later: CompiledRule, mapping: Mapping): boolean {
  const outcome = ({ rule }: CompiledRule) => {
    if (rule.hold !== undefined) return 'hold';
    if (rule.exclude !== undefined) return 'exclude';
    return `${rule.owner ?? '{owner}'} at ${rule.destination ?? mapping.defaultDestination}`;
  };
  return outcome(first) === outcome(later);
}

function isCoveredBy(later: CompiledRule, earlier: CompiledRule, owners: OwnerIndex): boolean {
  // Sources other than the path may name nobody, and then the next rule is tried.
  if (earlier.ownerAt < 0 && earlier.sources.length > 0) return false;
  const [short, long] = [earlier.template, later.template];
  const depth = short.deep
    ? long.segments.length - (long.deep ? 0 : 1) >= short.segments.length
    : !long.deep && long.segments.length === short.segments.length;
  if (!depth || !instrumentsCovered(later, earlier)) return false;
  return short.segments.every((tokens, index) => {
    const others = long.segments[index] ?? [];
    return index === earlier.ownerAt
      ? ownersCovered(tokens, others, later.ownerAt === index && later.sources.length === 1, owners)
      : segmentCovered(tokens, others);
  });
}

/** Every name that `narrow` matches is matched by `wide`: certain in three simple cases, else no. */
function segmentCovered(wide: readonly Token[], narrow: readonly Token[]): boolean {
  if (isEverything(wide)) return true;
  const name = literalOf(narrow);
  return name === undefined ? spell(wide) === spell(narrow) : matchesSegment(wide, name);
}

/** An earlier `{owner}` only matches known owners, so it covers the same `{owner}`, or one known owner's folder. */
function ownersCovered(
  wide: readonly Token[],
  narrow: readonly Token[],
  looksUp: boolean,
  owners: OwnerIndex,
): boolean {
  const name = literalOf(narrow);
  if (name !== undefined) return wide.length === 1 && owners.find(name).length > 0;
  return looksUp && spell(wide) === spell(narrow);
}

function instrumentsCovered(later: CompiledRule, earlier: CompiledRule): boolean {
  const wide = earlier.instruments;
  if (wide === undefined) return true;
  const at = Math.max(0, earlier.instrumentAt);
  const [mine, theirs] = [earlier.template.segments[at] ?? [], later.template.segments[at] ?? []];
  const name = literalOf(theirs);
  if (name !== undefined) return wide.has(name) && (earlier.instrumentAt < 0 || isEverything(mine));
  if (later.instrumentAt !== earlier.instrumentAt || spell(mine) !== spell(theirs)) return false;
  const narrow = later.instruments ?? new Set();
  return narrow.size > 0 && narrow.isSubsetOf(wide);
}

function literalOf(tokens: readonly Token[] | undefined): string | undefined {
  const only = tokens?.length === 1 ? tokens[0] : undefined;
  return only?.kind === 'literal' ? only.text : undefined;
}

/** The segment with its parts' names left out, except those whose text is looked at. */
function spell(tokens: readonly Token[]): string {
  return JSON.stringify(tokens.map((token) => (token.kind === 'part' ? spellPart(token) : token)));
}

function spellPart({ name, type }: Extract<Token, { kind: 'part' }>): unknown {
  const seen = name === 'owner' || name === 'instrument' ? name : '';
  return { seen, type };
}
