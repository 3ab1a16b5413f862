import type { Completion } from '../core/completion.ts';
import { COLLECTOR, type OwnerId } from '../core/ids.ts';
import type { Assignment } from '../core/model.ts';
import type { CollectorCode, Suggestion } from '../core/owner-reason.ts';
import { parentOf, printable, type SharePath } from '../core/share-path.ts';
import { sayUnknown } from './ask-sources.ts';
import type { Circumstances } from './circumstances.ts';
import type { CompiledRule } from './compile-rule.ts';
import type { Mapping, Owner, Rule } from './mapping.ts';
import {
  type Claim,
  datasetOf,
  firstLevels,
  type Lookups,
  matchRule,
  type PathParts,
  type RuleMatch,
} from './match-rule.ts';
import type { OwnerIndex } from './owner-index.ts';
import { type Standing, standingOf } from './owner-standing.ts';

/** `Assignment.rule` of files that no rule matched. */
export const NO_RULE = 'no rule';

/** What every decision looks at. */
export type Grounds = Lookups & {
  readonly mapping: Mapping;
  readonly people: ReadonlyMap<OwnerId, Owner>;
  readonly around: Circumstances;
};

/** An assignment and how it came about: the first rule that matched, and later ones with an equal claim. */
export type Decision = {
  readonly assignment: Assignment;
  readonly winner: CompiledRule | undefined;
  readonly rivals: readonly CompiledRule[];
};

type Matched = { readonly compiled: CompiledRule; readonly match: Extract<RuleMatch, { kind: 'match' }> };
type Facts = Readonly<Record<string, string>>;
type Missed = {
  readonly compiled: CompiledRule;
  readonly match: Extract<RuleMatch, { kind: 'unknown-owner' }>;
};

/**
 * The first rule that matches decides. A later one that is just as exact (equal `rank`) and wants something else makes
 * it a tie, and a tie is held for a person: the order of two lines is too thin a reason to fill someone's account.
 * A rule whose `{owner}` is nobody known does not match; when none does, the collector gets the file and says why.
 */
export function decide(rules: readonly CompiledRule[], parts: PathParts, grounds: Grounds): Decision {
  const missed: Missed[] = [];
  const rivals: Matched[] = [];
  let winner: Matched | undefined;
  for (const compiled of rules) {
    if (winner !== undefined && winner.compiled.rank !== compiled.rank) continue;
    const match = matchRule(compiled, parts, grounds);
    if (match.kind === 'unknown-owner') missed.push({ compiled, match });
    if (match.kind !== 'match') continue;
    if (winner === undefined) winner = { compiled, match };
    else if (!wantSame(winner, { compiled, match }, grounds)) rivals.push({ compiled, match });
  }
  const assignment =
    winner === undefined ? toCollector(missed, parts, grounds) : assignBy(winner, rivals, parts, grounds);
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
  parts: PathParts,
  grounds: Grounds,
): Assignment {
  const { id } = winner.compiled.rule;
  const { claim, instrument } = winner.match;
  if (rivals.length > 0) {
    const sides = [winner, ...rivals];
    const said = sides.map((side) => sayMatched(side, grounds.mapping)).join(', ');
    const reason = `${said}: equal matches are never guessed, make one of them more exact`;
    const rules = sides.map((side) => side.compiled.rule.id);
    return { kind: 'held', code: 'AMBIGUOUS', reason, instrument, rules };
  }
  const held = { kind: 'held', instrument, rules: [id], reason: `${id}: ${sayClaim(claim)}` } as const;
  switch (claim.kind) {
    case 'exclude':
      return { kind: 'excluded', reason: `${id}: ${claim.reason}`, instrument };
    case 'hold':
      return { ...held, code: 'BY_RULE', reason: `${id}: ${claim.reason}` };
    case 'unclear':
    case 'disagree':
      return { ...held, code: 'AMBIGUOUS' };
    case 'unresolved':
      return { ...held, code: 'UNRESOLVED', help: ASKED_AGAIN };
    case 'owner':
      return assignTo(claim.owner, winner, parts, grounds);
  }
}

const ASKED_AGAIN = 'Every run asks again. `nightjar explain` shows who was asked and what they said.';

function assignTo(
  owner: OwnerId,
  { compiled, match }: Matched,
  parts: PathParts,
  { mapping, people, around }: Grounds,
): Assignment {
  const { rule } = compiled;
  const { instrument, facts } = match;
  const destination = rule.destination ?? mapping.defaultDestination;
  const asked = { instrument, destination, withoutToken: rule.withoutToken ?? 'hold' };
  const standing = standingOf(owner, asked, { owners: people, around });
  if (standing.kind === 'held')
    return {
      ...standing,
      reason: `${rule.id}: ${standing.reason}`,
      instrument,
      rules: [rule.id],
      destination,
    };
  const dataset = datasetOf(compiled, parts.path);
  if (standing.kind === 'manual') {
    const reason = `${rule.id}: ${standing.reason}`;
    return { ...standing, kind: 'byHand', reason, instrument, dataset, destination };
  }
  return {
    kind: 'owned',
    owner: standing.owner,
    dataset,
    instrument,
    rule: rule.id,
    facts,
    settleMs: rule.settleMs ?? mapping.defaultSettleMs,
    ...completeBy(compiled, parts.path, match.read),
    destination,
    compress: rule.compress ?? false,
    ...(rule.pack === undefined ? {} : { pack: rule.pack }),
    ...apartBy(rule, owner, standing.owner),
    ...whyNotTheOwner(standing, rule.id),
  };
}

/** Who a rule's owner shares with has no part in what the collector gets in that owner's place. */
function apartBy(
  rule: Rule,
  meant: OwnerId,
  owner: OwnerId,
): { readonly apart?: string; readonly publish?: true } {
  if (rule.apart === undefined || (owner === COLLECTOR && meant !== COLLECTOR)) return {};
  // What goes to anybody but the owner whom the rule means is not published by that rule.
  const isOwners = rule.publish === true && owner === meant && owner !== COLLECTOR;
  return { apart: rule.id, ...(isOwners ? { publish: true } : {}) };
}

function whyNotTheOwner(
  { owner, reason, code, insteadOf }: Extract<Standing, { kind: 'receives' }>,
  rule: string,
): { readonly reason?: string; readonly code?: CollectorCode; readonly insteadOf?: OwnerId } {
  if (owner === COLLECTOR && reason === undefined)
    return { reason: `${rule} gives it to the collector`, code: 'BY_RULE' };
  if (reason === undefined) return {};
  return {
    reason: `${rule}: ${reason}`,
    ...(insteadOf === undefined ? {} : { insteadOf }),
    ...(owner === COLLECTOR ? { code: code ?? 'BY_RULE' } : {}),
  };
}

function toCollector(missed: readonly Missed[], parts: PathParts, grounds: Grounds): Assignment {
  const { defaultSettleMs, defaultDestination } = grounds.mapping;
  const none = missed.length === 0;
  const suggestion = suggestionFor(missed, grounds.owners);
  return {
    kind: 'owned',
    owner: COLLECTOR,
    dataset: firstLevels(parentOf(parts.path), COLLECTOR_LEVELS),
    instrument: parts.instrument,
    rule: NO_RULE,
    facts: {},
    // Data of a slow instrument is no sooner finished because its folder's name has a typing error.
    settleMs: Math.max(defaultSettleMs, ...missed.map(({ compiled }) => compiled.rule.settleMs ?? 0)),
    ...missedCompletion(missed, parts.path),
    destination: defaultDestination,
    compress: false,
    reason: none ? 'no rule matches' : sayMissed(missed, grounds.owners),
    code: none ? 'NO_RULE' : 'UNKNOWN_OWNER',
    ...(suggestion === undefined ? {} : { suggestion }),
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
  return first === undefined ? {} : completeBy(first.compiled, path, first.match.read);
}

function suggestionFor(missed: readonly Missed[], owners: OwnerIndex): Suggestion | undefined {
  for (const { match } of missed) {
    const near = match.name === undefined ? undefined : owners.nearest(match.name);
    if (near !== undefined) return near;
  }
  return undefined;
}

function sayMatched({ compiled, match }: Matched, { defaultDestination }: Mapping): string {
  const { id, at, destination } = compiled.rule;
  const where = match.claim.kind === 'owner' ? ` at '${destination ?? defaultDestination}'` : '';
  return `${id} (${at}) says ${sayClaim(match.claim)}${where}`;
}

/** A claim as the end of "rule 1 says …". */
export function sayClaim(claim: Claim): string {
  if (claim.kind === 'owner') return `owner '${claim.owner}'`;
  if ('why' in claim)
    return claim.kind === 'unresolved'
      ? `it is not known whose it is: ${claim.why}`
      : `its sources name different owners: ${claim.why}`;
  if (claim.kind !== 'unclear') return `${claim.kind}: ${claim.reason}`;
  return `'${printable(claim.name)}' may be ${claim.owners.map((owner) => `'${owner}'`).join(' or ')}`;
}

const MOST_NAMES = 3;

function sayMissed(missed: readonly Missed[], owners: OwnerIndex): string {
  const byReason = Map.groupBy(missed, ({ match: { name, why, asked } }) =>
    name === undefined || asked.length > 1 ? `nobody is named (${why})` : sayUnknown(name, owners),
  );
  const said = [...byReason].slice(0, MOST_NAMES).map(([why, rules]) => {
    const ids = rules.map(({ compiled }) => compiled.rule.id).join(', ');
    return `${why} (${ids})`;
  });
  return said.join('; ') + (byReason.size > MOST_NAMES ? '; and others' : '');
}
