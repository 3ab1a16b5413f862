import { withNearest } from './nearest.ts';
import type { Outline, RuleLine } from './outline.ts';
import type { Finding } from './problem.ts';
import { quote } from './raw-value.ts';
import { hasOwnerPart, sendsFiles } from './template-text.ts';

/** Sources of owners that cannot answer: without a table, a resolver, a file, or a known owner behind a number. */
export function checkSources(outline: Outline): Finding[] {
  return [
    ...outline.rules.flatMap((rule) => checkRule(outline, rule)),
    ...checkNumbers(outline, 'uids'),
    ...checkNumbers(outline, 'gids'),
  ];
}

function checkRule(outline: Outline, rule: RuleLine): Finding[] {
  const sources = rule.ownerFrom;
  if (sources === undefined) return [];
  const path = [...rule.path, 'owner_from'];
  if (rule.owner !== undefined || !sendsFiles(rule))
    return [{ path, message: 'expected either `owner_from`, or one of the keys owner, hold, exclude' }];
  const problems = pathProblem(rule, sources);
  for (const [source, has, missing] of needsOf(outline, rule))
    if (sources.includes(source) && !has) problems.push(`expected ${missing} for \`${source}\``);
  return problems.map((message) => ({ path, message }));
}

function pathProblem({ match = '' }: RuleLine, sources: readonly string[]): string[] {
  if (sources.includes('path') === hasOwnerPart(match)) return [];
  return [`expected \`path\` in the list exactly when \`match\` has an {owner} part, found ${quote(match)}`];
}

/** What a source needs, and whether it is there. */
function needsOf(outline: Outline, rule: RuleLine): readonly (readonly [string, boolean, string])[] {
  return [
    ['sidecar', rule.hasSidecar, 'the key `sidecar` in this rule'],
    ['http', outline.hasResolver, 'the key `resolver` of this file'],
    ['uid', outline.uids.length > 0, 'the table `uids` of this file'],
    ['gid', outline.gids.length > 0, 'the table `gids` of this file'],
  ];
}

function checkNumbers(outline: Outline, table: 'uids' | 'gids'): Finding[] {
  if (outline.owners === undefined) return [];
  const ids = outline.owners.map(({ id }) => id);
  return outline[table].flatMap(({ number, owner }) => {
    if (ids.includes(owner)) return [];
    const message = `expected the id of an owner below \`owners\`, found ${quote(owner)}`;
    return [{ path: [table, number], message, ...withNearest(owner, ids) }];
  });
}
