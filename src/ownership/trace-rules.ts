import type { Assignment } from '../core/model.ts';
import { printable, type SharePath } from '../core/share-path.ts';
import { type AskedSource, sayUnknown } from './ask-sources.ts';
import type { CompiledRule } from './compile-rule.ts';
import { type Decision, type Grounds, sayClaim } from './decide.ts';
import { matchRule, type PathParts, type RuleMatch } from './match-rule.ts';

/** What one rule had to say about one path. `why` is a sentence for a person. */
export type TraceStep = {
  readonly rule: string;
  readonly at: string;
  readonly match: string;
  /** `later` matches too, but an earlier rule decides; `tied` has an equal claim and wants something else. */
  readonly verdict: 'decides' | 'tied' | 'later' | 'unknown-owner' | 'no-match';
  readonly why: string;
  /** Who was asked for the owner, and what they said; only where that is more than the path. */
  readonly asked?: readonly AskedSource[];
};

/** The whole way from a path to its owner, for `nightjar explain`. */
export type Trace = {
  readonly path: SharePath;
  /** The ignore pattern that settled it before any rule was tried. */
  readonly ignoredBy: string | undefined;
  readonly steps: readonly TraceStep[];
  /** The rule that decides, also when it is tied; undefined when none matched. */
  readonly winner: string | undefined;
  readonly assignment: Assignment;
};

/** Every rule in order and what came of it. */
export function traceRules(
  rules: readonly CompiledRule[],
  decision: Decision,
  parts: PathParts,
  grounds: Grounds,
): readonly TraceStep[] {
  return rules.map((compiled) => {
    const { id, at, match } = compiled.rule;
    const found = matchRule(compiled, parts, grounds);
    const verdict = verdictOn(compiled, found, decision);
    return {
      rule: id,
      at,
      match,
      verdict,
      why: whyNot(compiled, found, parts, grounds) ?? why(found, verdict, decision),
      ...askedOf(compiled, found),
    };
  });
}

function askedOf(compiled: CompiledRule, found: RuleMatch): Pick<TraceStep, 'asked'> {
  const isPathAlone = compiled.sources.every((source) => source === 'path');
  return isPathAlone || !('asked' in found) ? {} : { asked: found.asked };
}

function verdictOn(compiled: CompiledRule, found: RuleMatch, decision: Decision): TraceStep['verdict'] {
  if (found.kind === 'unknown-owner') return 'unknown-owner';
  if (found.kind !== 'match') return 'no-match';
  if (compiled === decision.winner) return 'decides';
  return decision.rivals.includes(compiled) ? 'tied' : 'later';
}

function why(found: RuleMatch, verdict: TraceStep['verdict'], decision: Decision): string {
  const says = found.kind === 'match' ? sayClaim(found.claim) : '';
  const first = decision.winner?.rule.id ?? '';
  if (verdict === 'tied') return `matches and is as exact as ${first}, but says ${says}`;
  if (verdict === 'later') return `matches too and says ${says}, but ${first} comes first`;
  return decision.rivals.length > 0
    ? `matches first and says ${says}, but is tied`
    : `matches first: ${says}`;
}

function whyNot(
  compiled: CompiledRule,
  found: RuleMatch,
  parts: PathParts,
  grounds: Grounds,
): string | undefined {
  if (found.kind === 'unknown-owner')
    return found.name === undefined || found.asked.length > 1
      ? `nobody is named: ${found.why}`
      : sayUnknown(found.name, grounds.owners);
  if (found.kind === 'wrong-instrument')
    return `the instrument '${printable(found.instrument)}' is not one of ${[...(compiled.instruments ?? [])].join(', ')}`;
  if (found.kind !== 'differs') return undefined;
  const tests = compiled.tests.filter(({ index }) => index < parts.segments.length);
  const failed = tests.filter(({ index, tokens }) => !grounds.matches(tokens, parts.segments[index] ?? ''));
  if (failed.length === 0) return wrongDepth(compiled, parts);
  return differs(compiled, parts, Math.min(...failed.map(({ index }) => index)));
}

function wrongDepth({ template }: CompiledRule, parts: PathParts): string {
  const wanted = template.segments.length + (template.deep ? 1 : 0);
  const have = parts.segments.length;
  if (have < wanted)
    return `the path has ${have} parts, the template needs ${template.deep ? 'at least ' : ''}${wanted}`;
  return `the path has ${have} parts, the template only ${wanted} (end it in /** for all below)`;
}

function differs({ template }: CompiledRule, parts: PathParts, segment: number): string {
  const name = parts.segments[segment] ?? '';
  const wanted = template.texts[segment] ?? '';
  return `part ${segment + 1}, '${printable(name)}', is not '${wanted}'${nearMiss(name, wanted)}`;
}

function nearMiss(name: string, wanted: string): string {
  if (name.normalize('NFC') === wanted.normalize('NFC')) return ' (same letters, other Unicode form)';
  return name.normalize('NFC').toLowerCase() === wanted.normalize('NFC').toLowerCase()
    ? ' (letter case differs)'
    : '';
}
