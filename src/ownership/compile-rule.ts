import { IngestError } from '../core/errors.ts';
import { COLLECTOR } from '../core/ids.ts';
import type { OwnerSource } from '../core/owner-source.ts';
import type { Mapping, Rule } from './mapping.ts';
import { isEverything, type Token } from './match-segment.ts';
import { parseTemplate, type Template } from './parse-template.ts';
import { type SidecarReader, sidecarReader } from './read-sidecar.ts';
import { type Translate, translator } from './translate.ts';

/** A rule made ready for matching. Segment numbers count from 0; -1 is "no such part". */
export type CompiledRule = {
  readonly rule: Rule;
  readonly template: Template;
  /**
   * How exact the template is, a letter per segment: L literal (or `{instrument}` alone with `instruments`, which is a
   * list of literals), M mixed of text and wildcards (or a number or date), P parts and wildcards only, D the final
   * `**`. Two rules with the same letters have an equal claim on a file that both match.
   */
  readonly rank: string;
  /** The segment whose `{owner}` is looked up. */
  readonly ownerAt: number;
  /** Who is asked for the owner, in this order; none where the rule says it itself. */
  readonly sources: readonly OwnerSource[];
  readonly sidecar: SidecarReader | undefined;
  /** By part. */
  readonly translate: ReadonlyMap<string, Translate>;
  readonly instrumentAt: number;
  readonly instruments: ReadonlySet<string> | undefined;
  /** The only names the first directory can have, when they are known. */
  readonly firstNames: readonly string[] | undefined;
  /** The segments that not every name matches, those that are quickly compared first. */
  readonly tests: readonly SegmentTest[];
  /** False when the outcome is the same for all files of one directory, all through a run. */
  readonly dependsOnName: boolean;
};

export type SegmentTest = { readonly index: number; readonly tokens: readonly Token[] };

/** The mapping's rules in their order; throws CONFIG_INVALID naming every rule that makes no sense. */
export function compileRules(mapping: Mapping): readonly CompiledRule[] {
  const owners = new Set<string>(mapping.owners.map((owner) => owner.id));
  const problems: string[] = [];
  const compiled: CompiledRule[] = [];
  const segments: KnownSegments = new Map();
  if (owners.has(COLLECTOR))
    problems.push(`'${COLLECTOR}' cannot be an owner: it is the account for data nobody owns`);
  for (const rule of mapping.rules) {
    try {
      compiled.push(compileRule(rule, mapping, segments));
      if (rule.owner !== undefined && rule.owner !== COLLECTOR && !owners.has(rule.owner))
        throw new RangeError(`its owner '${rule.owner}' is not among the owners`);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      problems.push(`${rule.at}: ${rule.id} '${rule.match}': ${cause.message}`);
    }
  }
  if (problems.length === 0) return compiled;
  throw new IngestError('CONFIG_INVALID', `read the folder mapping: ${problems.join('; ')}`, {
    hint: 'Correct the rules named here in folders.yaml; nothing was changed.',
    context: { problems },
  });
}

/** One rule; throws RangeError saying what is wrong with it. */
function compileRule(rule: Rule, mapping: Mapping, known: KnownSegments): CompiledRule {
  const template = shareSegments(parseTemplate(rule.match), known);
  const ownerPart = segmentOf(template, 'owner');
  checkOutcome(rule, ownerPart >= 0);
  const sources = sourcesOf(rule, ownerPart >= 0);
  const instrumentAt = segmentOf(template, 'instrument');
  const instruments = rule.instruments === undefined ? undefined : new Set(rule.instruments);
  const last = template.segments.at(-1);
  return {
    rule,
    template,
    rank: rankOf(template, instruments === undefined ? -1 : instrumentAt),
    ownerAt: sources.includes('path') ? ownerPart : -1,
    sources,
    sidecar: sources.includes('sidecar') ? readerOf(rule) : undefined,
    translate: translationsOf(rule, template, mapping),
    instrumentAt,
    instruments,
    firstNames: firstNamesOf(template, instrumentAt, rule.instruments),
    tests: testsOf(template),
    dependsOnName:
      sources.some((source) => source !== 'path') ||
      !(template.deep || (last?.length === 1 && last[0]?.kind === 'any')),
  };
}

function sourcesOf(rule: Rule, hasOwnerPart: boolean): readonly OwnerSource[] {
  const { owner, hold, exclude, ownerFrom } = rule;
  if (hold !== undefined || exclude !== undefined || owner !== undefined) {
    if (ownerFrom === undefined) return [];
    throw new RangeError('it has owner_from, but says itself what becomes of its files');
  }
  const sources = ownerFrom ?? ['path'];
  if (new Set(sources).size < sources.length) throw new RangeError('owner_from has a source twice');
  if (sources.includes('path') === hasOwnerPart) return sources;
  throw new RangeError(
    hasOwnerPart
      ? "it has an {owner} part, but 'path' is not in owner_from: give the part another name, or add it"
      : "'path' is in owner_from, but there is no {owner} part",
  );
}

function readerOf({ sidecar }: Rule): SidecarReader {
  if (sidecar === undefined)
    throw new RangeError("'sidecar' is in owner_from, but the rule has no sidecar block");
  return sidecarReader(sidecar);
}

function translationsOf(rule: Rule, template: Template, { tables = {} }: Mapping): Map<string, Translate> {
  const found = new Map<string, Translate>();
  for (const [part, name] of Object.entries(rule.translate ?? {})) {
    const table = Object.hasOwn(tables, name) ? tables[name] : undefined;
    if (table === undefined) throw new RangeError(`there is no table '${name}'`);
    if (part === 'owner') throw new RangeError('{owner} is looked up by aliases: give the owner an alias');
    if (segmentOf(template, part) < 0)
      throw new RangeError(`it translates {${part}}, which is no part of it`);
    found.set(part, tableNamed(name, table));
  }
  return found;
}

function tableNamed(name: string, table: Readonly<Record<string, string>>): Translate {
  try {
    return translator(table);
  } catch (cause) {
    throw new RangeError(`table '${name}': ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Rules often have segments in common; as one and the same object they are matched against a name once. */
type KnownSegments = Map<string, readonly Token[]>;

function shareSegments(template: Template, known: KnownSegments): Template {
  const segments = template.segments.map((tokens) => {
    const text = JSON.stringify(tokens);
    const same = known.get(text) ?? tokens;
    known.set(text, same);
    return same;
  });
  return { ...template, segments };
}

function testsOf({ segments }: Template): readonly SegmentTest[] {
  const tests = segments
    .map((tokens, index) => ({ index, tokens }))
    .filter(({ tokens }) => !isEverything(tokens));
  return tests.sort((left, right) => left.tokens.length - right.tokens.length || left.index - right.index);
}

function checkOutcome(rule: Rule, hasOwnerPart: boolean): void {
  const said = (['owner', 'hold', 'exclude'] as const).filter((key) => rule[key] !== undefined);
  if (said.length > 1) throw new RangeError(`it says ${said.join(' and ')}: only one of them can be`);
  if (said.length === 0 && !hasOwnerPart && rule.ownerFrom === undefined)
    throw new RangeError(
      'it names no owner: it needs an {owner} part, or owner, owner_from, hold or exclude',
    );
  if (rule.owner !== undefined && hasOwnerPart)
    throw new RangeError('it has both an {owner} part and an owner: only one of them can be');
}

function segmentOf(template: Template, part: string): number {
  return template.segments.findIndex((tokens) =>
    tokens.some((token) => token.kind === 'part' && token.name === part),
  );
}

function rankOf(template: Template, listedAt: number): string {
  const letters = template.segments.map((tokens, index) =>
    index === listedAt && isEverything(tokens) ? 'L' : rankOfSegment(tokens),
  );
  return letters.join('') + (template.deep ? 'D' : '');
}

function rankOfSegment(tokens: readonly Token[]): string {
  if (tokens.every((token) => token.kind === 'literal')) return 'L';
  return tokens.some(narrows) ? 'M' : 'P';
}

function narrows(token: Token): boolean {
  return token.kind === 'literal' || (token.kind === 'part' && token.type.kind !== 'text');
}

function firstNamesOf(
  template: Template,
  instrumentAt: number,
  instruments: readonly string[] | undefined,
): readonly string[] | undefined {
  const first = template.segments[0];
  const only = first?.length === 1 ? first[0] : undefined;
  if (only?.kind === 'literal') return [only.text];
  return instrumentAt === 0 && only !== undefined && isEverything([only]) ? instruments : undefined;
}
