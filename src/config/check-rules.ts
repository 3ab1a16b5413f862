import { COLLECTOR } from '../core/ids.ts';
import { parseTemplate } from '../ownership/parse-template.ts';
import { withNearest } from './nearest.ts';
import type { Outline, RuleLine } from './outline.ts';
import type { Finding } from './problem.ts';
import { quote } from './raw-value.ts';
import { hasOwnerPart, hasPart, sendsFiles } from './template-text.ts';

/** Rules that cannot be read, that give no or two answers, or that no file will ever reach. */
export function checkRules(outline: Outline): Finding[] {
  return outline.rules.flatMap((rule, index) => [
    ...checkName(rule, outline.rules.slice(0, index)),
    ...checkTemplate(rule),
    ...checkAnswer(rule),
    ...checkOwner(outline, rule),
    ...checkDestination(outline, rule),
    ...checkInstruments(rule),
    ...checkTranslate(outline, rule),
    ...checkReachable(rule, outline.rules.slice(0, index)),
  ]);
}

/** Reports and the ledger know a rule by its name, so a name means one rule. */
function checkName(rule: RuleLine, earlier: readonly RuleLine[]): Finding[] {
  if (rule.name === undefined) return [];
  const path = [...rule.path, 'name'];
  if (/^rule \d+$/.test(rule.name)) {
    return [{ path, message: `expected a name unlike the numbered ones, found ${quote(rule.name)}` }];
  }
  const twin = earlier.find((other) => other.name === rule.name);
  if (twin === undefined) return [];
  return [
    {
      path,
      message: `expected a name of its own, found ${quote(rule.name)}, the name of rule ${twin.number}`,
    },
  ];
}

function checkTemplate(rule: RuleLine): Finding[] {
  if (rule.match === undefined || rule.match === '') return [];
  try {
    parseTemplate(rule.match);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `expected a template such as "{instrument}/{owner}/{dataset}/**", found ${quote(rule.match)}: ${reason}`;
    return [{ path: [...rule.path, 'match'], message }];
  }
}

/** A rule says whose the files are in exactly one way, or says why they stay. */
function checkAnswer(rule: RuleLine): Finding[] {
  if (rule.match === undefined) return [];
  const byPart = hasOwnerPart(rule.match);
  if (rule.holds && rule.excludes) {
    return [{ path: [...rule.path, 'exclude'], message: 'expected either `hold` or `exclude`, found both' }];
  }
  if (byPart && rule.owner !== undefined && sendsFiles(rule)) {
    const message = 'expected either an {owner} part in `match` or the key `owner`, found both';
    return [{ path: [...rule.path, 'owner'], message }];
  }
  if (!byPart && rule.owner === undefined && rule.ownerFrom === undefined && sendsFiles(rule)) {
    const message = `expected an {owner} part in \`match\`, or one of the keys owner, owner_from, hold, exclude: ${quote(rule.match)} says nothing about whose the files are`;
    return [{ path: [...rule.path, 'match'], message, ...nearestPart(rule.match) }];
  }
  return [];
}

/** A part that is spelt almost like {owner}. */
function nearestPart(match: string): { readonly nearest?: string } {
  const parts = [...match.matchAll(/\{([^{}:]*)/g)].map(([, name = '']) => name);
  const meant = parts.some((name) => withNearest(name, ['owner']).nearest !== undefined);
  return meant ? { nearest: '{owner}' } : {};
}

function checkOwner(outline: Outline, rule: RuleLine): Finding[] {
  if (rule.owner === undefined || outline.owners === undefined) return [];
  const ids = outline.owners.map(({ id }) => id);
  if (rule.owner === String(COLLECTOR) || ids.includes(rule.owner)) return [];
  const message = `expected the id of an owner below \`owners\`, found ${quote(rule.owner)}`;
  return [{ path: [...rule.path, 'owner'], message, ...withNearest(rule.owner, ids) }];
}

function checkDestination(outline: Outline, rule: RuleLine): Finding[] {
  if (rule.destination === undefined || outline.destinations === undefined) return [];
  const names = outline.destinations.map(({ name }) => name);
  if (names.includes(rule.destination)) return [];
  const message = `expected a destination of nightjar.yaml (${names.join(', ')}), found ${quote(rule.destination)}`;
  return [{ path: [...rule.path, 'destination'], message, ...withNearest(rule.destination, names) }];
}

function checkInstruments(rule: RuleLine): Finding[] {
  if (rule.instruments === undefined || rule.match === undefined || hasPart(rule.match, 'instrument'))
    return [];
  const message = `expected an {instrument} part in \`match\`, found ${quote(rule.match)}: without one the list has nothing to choose from`;
  return [{ path: [...rule.path, 'instruments'], message }];
}

/** A table that is there, for a part that is in the template. */
function checkTranslate(outline: Outline, rule: RuleLine): Finding[] {
  return Object.entries(rule.translate).flatMap(([part, table]) => {
    const path = [...rule.path, 'translate', part];
    if (typeof table === 'string' && !outline.tables.includes(table)) {
      const message = `expected the name of a table below \`tables\`, found ${quote(table)}`;
      return [{ path, message, ...withNearest(table, outline.tables) }];
    }
    if (rule.match === undefined || hasPart(rule.match, part)) return [];
    const message = `expected a part of \`match\`, found ${quote(part)}: there is no {${part}} in ${quote(rule.match)}`;
    return [{ path, onKey: true, message }];
  });
}

function checkReachable(rule: RuleLine, earlier: readonly RuleLine[]): Finding[] {
  // Sources may name nobody, and then the next rule is tried.
  const blocking = earlier.find(
    (other) =>
      other.ownerFrom === undefined &&
      (rule.ownerFrom === undefined || other.match === '**') &&
      takesAll(other, rule),
  );
  if (blocking === undefined || rule.match === undefined) return [];
  const why = blocking.match === '**' ? 'takes every file' : 'has the same `match`';
  const message = `this rule can never match: rule ${blocking.number} stands above it and ${why}; expected it above that one, or removed`;
  return [{ path: [...rule.path, 'match'], message }];
}

/** True when the earlier rule matches whatever the later one does, as far as their texts show. */
function takesAll(earlier: RuleLine, later: RuleLine): boolean {
  if (earlier.match === '**') return true;
  if (earlier.match === undefined || earlier.match !== later.match) return false;
  // An {owner} part that holds or excludes takes any name; one that sends needs a known owner.
  if (sendsFiles(earlier) && !sendsFiles(later) && hasOwnerPart(later.match)) return false;
  if (earlier.instruments === undefined) return true;
  return later.instruments?.every((name) => earlier.instruments?.includes(name)) ?? false;
}
