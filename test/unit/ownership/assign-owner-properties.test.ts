import { isDeepStrictEqual } from 'node:util';
import {
  type Arbitrary,
  array,
  assert,
  boolean,
  constant,
  constantFrom,
  oneof,
  option,
  property,
  record,
  string,
} from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Assignment } from '../../../src/core/model.ts';
import { type SharePath, sharePath } from '../../../src/core/share-path.ts';
import { createAssigner } from '../../../src/ownership/assign-owner.ts';
import { matchesSegment } from '../../../src/ownership/match-segment.ts';
import { neverMatching } from '../../../src/ownership/never-matching.ts';
import { parseTemplate } from '../../../src/ownership/parse-template.ts';
import { mappingOf, type RuleText } from './mapping-of.ts';

/** Few words, so that names, literals, owners and instruments often meet. */
const OWNERS = { anna: ['A. B', 'an'], ben: ['be'], an_na: [] };
const word = constantFrom(
  'anna',
  'ben',
  'an',
  'XRD',
  'SEM',
  'x_anna',
  'an_na_1',
  'ANNA',
  '20260131',
  'f.tmp',
);
const hostile = string({
  unit: constantFrom('a', '_', '*', '{', '}', '\\', '.', '\n', '😀', '\udcff', "'", '1'),
  minLength: 1,
}).filter((name) => name !== '.' && name !== '..');
const path = array(oneof({ weight: 4, arbitrary: word }, hostile), { minLength: 1, maxLength: 5 }).map(
  (names) => sharePath(names.join('/')),
);

const segment = constantFrom(
  'anna',
  'XRD',
  '*',
  '{instrument}',
  'x_*',
  '*_1',
  '?*',
  '{n:number}',
  '{d:yyyyMMdd}',
);
const ownerSegment = constantFrom('{owner}', '{owner}_*', 'x_{owner}');
const outcome = constantFrom<Partial<RuleText>>(
  { owner: 'anna' },
  { owner: 'ben' },
  { owner: 'collector' },
  { hold: 'wait' },
  { exclude: 'no' },
);
const rule: Arbitrary<RuleText> = record({
  before: array(segment, { maxLength: 2 }),
  owner: option(ownerSegment, { nil: undefined }),
  after: array(constantFrom('*', '{set}', 'ben'), { maxLength: 1 }),
  deep: boolean(),
  outcome,
  instruments: option(constant(['XRD', 'anna']), { nil: undefined }),
})
  .map(({ before, owner, after, deep, outcome, instruments }) => {
    const parts = [...before, ...(owner === undefined ? [] : [owner]), ...after];
    const match = [...parts, ...(deep || parts.length === 0 ? ['**'] : [])].join('/');
    return { match, ...(owner === undefined ? outcome : {}), ...(instruments && { instruments }) };
  })
  .filter(({ match }) => isTemplate(match));
const rules = array(rule, { maxLength: 6 });

function isTemplate(text: string): boolean {
  try {
    parseTemplate(text);
    return true;
  } catch {
    return false;
  }
}

const assigner = (list: readonly RuleText[]) =>
  createAssigner(mappingOf({ rules: list, owners: OWNERS, ignore: ['*.tmp'] }));
const RUNS = { numRuns: 600 };

describe('whatever the rules and names are', () => {
  test('a file is only ever given to a known owner or, with a reason, to the collector', () => {
    const claim = property(rules, path, (list, path) => {
      const given = assigner(list).assign(path);
      if (given.kind !== 'owned') return given.reason !== '';
      const isCollected = given.owner === 'collector';
      return (
        (isCollected || Object.hasOwn(OWNERS, given.owner)) && isCollected === (given.reason !== undefined)
      );
    });

    expect(() => assert(claim, RUNS)).not.toThrow();
  });

  test('the dataset is a directory above the file', () => {
    const claim = property(rules, path, (list, path) => {
      const given = assigner(list).assign(path);
      return given.kind !== 'owned' || given.dataset === '' || path.startsWith(`${given.dataset}/`);
    });

    expect(() => assert(claim, RUNS)).not.toThrow();
  });

  test('the answer does not depend on what was asked before, and the trace gives the same', () => {
    const claim = property(rules, array(path, { minLength: 1, maxLength: 8 }), (list, paths) => {
      const busy = assigner(list);
      return [...paths, ...paths].every((path) => {
        const alone = assigner(list).assign(path);
        return (
          isDeepStrictEqual(busy.assign(path), alone) && isDeepStrictEqual(busy.trace(path).assignment, alone)
        );
      });
    });

    expect(() => assert(claim, { numRuns: 200 })).not.toThrow();
  });

  test('the first rule that matches alone decides, unless it is held', () => {
    const claim = property(rules, path, (list, path) => {
      const given = assigner(list).assign(path);
      const alone = list.map((rule) => assigner([rule]).assign(path)).findIndex(isMatched);
      const first = alone < 0 ? 'no rule' : `rule ${alone + 1}`;
      if (given.kind === 'held') return given.rules[0] === first;
      return given.kind === 'excluded' || given.kind === 'byHand'
        ? given.reason.startsWith(alone < 0 ? 'ignored' : first)
        : given.rule === first;
    });

    expect(() => assert(claim, RUNS)).not.toThrow();
  });

  test('a later rule never moves a file to another owner: it takes what nobody had, or makes a tie', () => {
    const claim = property(rules, rule, path, (list, added, path) => {
      const before = assigner(list).assign(path);
      const after = assigner([...list, added]).assign(path);
      return !isMatched(before) || after.kind === 'held' || isDeepStrictEqual(after, before);
    });

    expect(() => assert(claim, RUNS)).not.toThrow();
  });

  test('two equally exact rules for two owners hold the file in either order', () => {
    const twins: Arbitrary<readonly RuleText[]> = constantFrom(
      [{ match: '{owner}/*/**' }, { match: '*/{owner}/**' }],
      [{ match: '*/{owner}/**' }, { match: '{instrument}/{x}/**', owner: 'ben' }],
      [
        { match: '{a}/*/**', owner: 'anna' },
        { match: '*/{b}/**', owner: 'ben' },
      ],
    );
    const claim = property(twins, path, (pair, path) => {
      const alone = pair.map((rule) => assigner([rule]).assign(path)).filter(isMatched);
      const both = [pair, pair.toReversed()].map((list) => ownerOf(assigner(list).assign(path)));
      const isTie = new Set(alone.map(ownerOf)).size > 1;
      return isTie ? both.every((fate) => fate === 'held') : both[0] === both[1];
    });

    expect(() => assert(claim, RUNS)).not.toThrow();
  });

  test('a rule that is said never to decide changes no owner when it is taken away', () => {
    const claim = property(rules, array(path, { minLength: 5, maxLength: 10 }), (list, paths) => {
      const idle = neverMatching(mappingOf({ rules: list, owners: OWNERS })).map(({ rule }) => rule);
      const kept = list.filter((_, index) => !idle.includes(`rule ${index + 1}`));
      return paths.every((path) => {
        const [all, few] = [assigner(list).assign(path), assigner(kept).assign(path)];
        return all.kind === 'held' || isDeepStrictEqual(fateOf(few), fateOf(all));
      });
    });

    expect(() => assert(claim, RUNS)).not.toThrow();
  });
});

describe('a segment with wildcards', () => {
  test('matches exactly what the same regular expression matches', () => {
    const pattern = array(constantFrom('a', 'b', '.', '+', '*', '?', '😀', '('), {
      minLength: 1,
      maxLength: 7,
    })
      .map((pieces) => pieces.join('').replace(/\*+/g, '*'))
      .filter(isTemplate);
    const name = string({ unit: constantFrom('a', 'b', '.', '+', '😀', '('), minLength: 1, maxLength: 8 });
    const claim = property(pattern, name, (pattern, name) => {
      const source = RegExp.escape(pattern)
        .replaceAll(String.raw`\*`, '[^]*')
        .replaceAll(String.raw`\?`, '[^]');
      return (
        matchesSegment(parseTemplate(pattern).segments[0] ?? [], name) ===
        new RegExp(`^${source}$`, 'u').test(name)
      );
    });

    expect(() => assert(claim, { numRuns: 2_000 })).not.toThrow();
  });
});

/** Matched by a rule: with one rule alone, everything but the collector's share of what no rule matched. */
function isMatched(given: Assignment): boolean {
  if (given.kind === 'excluded') return !given.reason.startsWith('ignored');
  return given.kind !== 'owned' || given.rule !== 'no rule';
}

function ownerOf(given: Assignment): string {
  return given.kind === 'owned' ? given.owner : given.kind;
}

function fateOf(given: Assignment): { readonly owner: string; readonly dataset: SharePath | undefined } {
  return { owner: ownerOf(given), dataset: given.kind === 'owned' ? given.dataset : undefined };
}
