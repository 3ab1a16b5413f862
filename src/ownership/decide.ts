import type { Completion } from '../core/completion.ts';
import { COLLECTOR } from '../core/ids.ts';
import type { Assignment } from '../core/model.ts';
import { joinPath, parentOf, printable, type SharePath, sharePath } from '../core/share-path.ts';
import type { CompiledRule } from './compile-rule.ts';
import type { Mapping } from './mapping.ts';
import { type Claim, type Lookups, matchRule, type PathParts, type RuleMatch } from './match-rule.ts';
import type { OwnerIndex } from './owner-index.ts';

/** `Assignment.rule` of files that no rule matched. */
export const NO_RULE = 'no rule';

/** What every decision looks at. */
export type Grounds = Lookups & { readonly mapping: Mapping };

/** An assignment and how it came about: the first rule that matched, and later ones with an equal claim. */
export type Decision = {
  readonly assignment: Assignment;
  readonly winner: CompiledRule | undefined;
  readonly rivals: readonly CompiledRule[];
};

type Matched = { readonly compiled: CompiledRule; readonly match: Extract<RuleMatch, { kind: 'match' }> };
type Facts = Readonly<Record<string, string>>;
type Missed = { readonly compiled: CompiledRule; readonly name: string; readonly facts: Facts };

/**
 * The first rule that matches decides. A later one that is just as exact (equal `rank`) and wants something else makes
 * it a tie, and a tie is held for a person: the order of two lines is too thin a reason to fill someone's account.
 * A rule whose `{owner}` is nobody known does not match; when none does, the collector gets the file and says why.
 */
export function decide(
  rules: readonly CompiledRule[],
  path: SharePath,
  parts: PathParts,
  grounds: Grounds,
): Decision {
  const missed: Missed[] = [];
  const rivals: Matched[] = [];
  let winner: Matched | undefined;
  for (const compiled of rules) {
    if (winner !== undefined && winner.compiled.rank !== compiled.rank) continue;
    const match = matchRule(compiled, parts, grounds);
    if (match.kind === 'unknown-owner') missed.push({ ...match, compiled });
    if (match.kind !== 'match') continue;
    if (winner === undefined) winner = { compiled, match };
    else if (!wantSame(winner, { compiled, match }, grounds)) rivals.push({ compiled, match });
  }
  const assignment =
    winner === undefined
      ? toCollector(missed, path, parts, grounds)
      : assignBy(winner, rivals, path, grounds);
  return { assignment, winner: winner?.compiled, rivals: rivals.map((rival) => rival.compiled) };
}

/** Same owner at the same destination, or both hold, or both exclude. */
function wantSame(one: Matched, other: Matched, { mapping }: Grounds): boolean {
  const [left, right] = [one.match.claim, other.match.claim];
  if (left.kind !== 'owner' || right.kind !== 'owner') return left.kind === right.kind;
  const destination = ({ compiled }: Matched) => compiled.rule.destination ?? mapping.defaultDestination;
  return left.owner === right.owner && destination(one) === destination(other);
}

function assignBy(
  winner: Matched,
  rivals: readonly Matched[],
  path: SharePath,
  { mapping }: Grounds,
): Assignment {
  const { compiled, match } = winner;
  const { rule } = compiled;
  const { claim, instrument } = match;
  if (rivals.length > 0) {
    const sides = [winner, ...rivals];
    const said = sides.map((side) => sayMatched(side, mapping)).join(', ');
    const reason = `${said}: equal matches are never guessed, make one of them more exact`;
    return { kind: 'held', reason, instrument, rules: sides.map((side) => side.compiled.rule.id) };
  }
  if (claim.kind === 'exclude')
    return { kind: 'excluded', reason: `${rule.id}: ${claim.reason}`, instrument };
  if (claim.kind === 'hold')
    return { kind: 'held', reason: `${rule.id}: ${claim.reason}`, instrument, rules: [rule.id] };
  if (claim.kind === 'unclear')
    return { kind: 'held', reason: `${rule.id}: ${sayClaim(claim)}`, instrument, rules: [rule.id] };
  return {
    kind: 'owned',
    owner: claim.owner,
    dataset: datasetOf(compiled, path),
    instrument,
    rule: rule.id,
    facts: match.facts,
    settleMs: rule.settleMs ?? mapping.defaultSettleMs,
    ...completeBy(compiled, path, match.facts),
    destination: rule.destination ?? mapping.defaultDestination,
    compress: rule.compress ?? false,
    ...(claim.owner === COLLECTOR ? { reason: `${rule.id} gives it to the collector` } : {}),
  };
}

function toCollector(
  missed: readonly Missed[],
  path: SharePath,
  parts: PathParts,
  grounds: Grounds,
): Assignment {
  const { defaultSettleMs, defaultDestination } = grounds.mapping;
  return {
    kind: 'owned',
    owner: COLLECTOR,
    dataset: firstLevels(parentOf(path), COLLECTOR_LEVELS),
    instrument: parts.instrument,
    rule: NO_RULE,
    facts: {},
    // Data of a slow instrument is no sooner finished because its folder's name has a typing error.
    settleMs: Math.max(defaultSettleMs, ...missed.map(({ compiled }) => compiled.rule.settleMs ?? 0)),
    ...missedCompletion(missed, path),
    destination: defaultDestination,
    compress: false,
    reason: missed.length === 0 ? 'no rule matches' : sayMissed(missed, grounds.owners),
  };
}

const COLLECTOR_LEVELS = 2;

/** What the rule asks of its dataset, as a part of an assignment. */
function completeBy(compiled: CompiledRule, path: SharePath, facts: Facts): { complete?: Completion } {
  const { complete } = compiled.rule;
  if (complete === undefined) return {};
  return { complete: { ...complete, dir: datasetOf(compiled, path), deep: compiled.template.deep, facts } };
}

/** A typing error in a folder's name does not finish a measurement: what the first rule that asks would ask counts. */
function missedCompletion(missed: readonly Missed[], path: SharePath): { complete?: Completion } {
  const first = missed.find(({ compiled }) => compiled.rule.complete !== undefined);
  return first === undefined ? {} : completeBy(first.compiled, path, first.facts);
}

/** The directory that the template spells out before `**`; without `**`, the file's own. */
function datasetOf({ template }: CompiledRule, path: SharePath): SharePath {
  return template.deep ? firstLevels(path, template.segments.length) : parentOf(path);
}

function firstLevels(path: SharePath, levels: number): SharePath {
  const names = path === '' ? [] : path.split('/').slice(0, levels);
  return names.reduce(joinPath, sharePath(''));
}

function sayMatched({ compiled, match }: Matched, { defaultDestination }: Mapping): string {
  const { id, at, destination } = compiled.rule;
  const where = match.claim.kind === 'owner' ? ` at '${destination ?? defaultDestination}'` : '';
  return `${id} (${at}) says ${sayClaim(match.claim)}${where}`;
}

/** A claim as the end of "rule 1 says …". */
export function sayClaim(claim: Claim): string {
  if (claim.kind === 'owner') return `owner '${claim.owner}'`;
  if (claim.kind !== 'unclear') return `${claim.kind}: ${claim.reason}`;
  return `'${printable(claim.name)}' may be ${claim.owners.map((owner) => `'${owner}'`).join(' or ')}`;
}

const MOST_NAMES = 3;

function sayMissed(missed: readonly Missed[], owners: OwnerIndex): string {
  const byName = Map.groupBy(missed, ({ name }) => name);
  const said = [...byName].slice(0, MOST_NAMES).map(([name, rules]) => {
    const ids = rules.map(({ compiled }) => compiled.rule.id).join(', ');
    return `${sayUnknown(name, owners)} (${ids})`;
  });
  return said.join('; ') + (byName.size > MOST_NAMES ? '; and others' : '');
}

/** "no owner called 'x', nearest known: 'y' (1 edit)". */
export function sayUnknown(name: string, owners: OwnerIndex): string {
  const near = owners.nearest(name);
  const unknown = `no owner called '${printable(name)}'`;
  if (near === undefined) return unknown;
  const alias = near.name === near.owner ? '' : `alias of ${near.owner}, `;
  return `${unknown}, nearest known: '${printable(near.name)}' (${alias}${near.edits} ${near.edits === 1 ? 'edit' : 'edits'})`;
}
