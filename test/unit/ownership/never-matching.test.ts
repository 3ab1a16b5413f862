import { describe, expect, test } from 'vitest';
import { neverMatching } from '../../../src/ownership/never-matching.ts';
import { type MappingText, mappingOf, type RuleText } from './mapping-of.ts';

const found = (mapping: MappingText) =>
  neverMatching(mappingOf({ owners: { anna: [], ben: [] }, ...mapping }));
const second = (...rules: readonly [RuleText, RuleText]) => found({ rules }).map(({ rule }) => rule);

describe('a rule that never decides', () => {
  test('is named with the one that comes first', () => {
    const rules = [
      { match: '{instrument}/**', owner: 'ben' },
      { match: 'TEM/service/**', hold: 'ask' },
    ];

    expect(found({ rules })).toEqual([
      {
        rule: 'rule 2',
        at: 'folders.yaml:3',
        reason: 'rule 1 (folders.yaml:2) comes first and matches everything it does: it never decides',
      },
    ]);
  });

  test('is told from one that makes everything it matches a tie', () => {
    const rules = [
      { match: 'a/{x}/**', owner: 'ben' },
      { match: 'a/*/**', owner: 'anna' },
    ];

    expect(found({ rules })[0]?.reason).toContain('such files are held');
  });

  test.each<[string, RuleText, RuleText]>([
    ['the same template', { match: 'a/{owner}/**' }, { match: 'a/{owner}/**' }],
    ['other names of parts', { match: '{x}_1/{owner}/**' }, { match: '{y}_1/{owner}/**' }],
    ['a known owner’s folder', { match: 'a/{owner}/**' }, { match: 'a/anna/**', hold: 'x' }],
    ['a literal that fits wildcards', { match: 'X*/**', owner: 'ben' }, { match: 'XRD/**', owner: 'ben' }],
    ['files below **', { match: 'a/**', owner: 'ben' }, { match: 'a/*.xy', owner: 'anna' }],
    [
      'fewer instruments',
      { match: '{instrument}/**', owner: 'ben', instruments: ['A', 'B'] },
      { match: '{instrument}/**', owner: 'anna', instruments: ['B'] },
    ],
    [
      'one of the instruments',
      { match: '{instrument}/**', owner: 'ben', instruments: ['A', 'B'] },
      { match: 'B/**', owner: 'anna' },
    ],
    ['anything', { match: '**', owner: 'ben' }, { match: 'a', owner: 'anna' }],
  ])('is found behind %s', (_, first, later) => {
    expect(second(first, later)).toEqual(['rule 2']);
  });

  test.each<[string, RuleText, RuleText]>([
    ['an {owner} that may be nobody', { match: 'a/{owner}/**' }, { match: 'a/{x}/**', owner: 'ben' }],
    [
      'an {owner} that excludes strangers too',
      { match: 'a/{owner}/**' },
      { match: 'a/{owner}/**', exclude: 'x' },
    ],
    ['a folder of nobody', { match: 'a/{owner}/**' }, { match: 'a/zoe/**', owner: 'ben' }],
    ['a deeper template', { match: 'a/*/*/**', owner: 'ben' }, { match: 'a/*/**', owner: 'anna' }],
    ['files of one level', { match: 'a/*', owner: 'ben' }, { match: 'a/**', owner: 'anna' }],
    ['a narrower name', { match: 'a*/**', owner: 'ben' }, { match: '*/**', owner: 'anna' }],
    [
      'more instruments',
      { match: '{instrument}/**', owner: 'ben', instruments: ['A'] },
      { match: '{instrument}/**', owner: 'anna', instruments: ['A', 'B'] },
    ],
    [
      'all instruments',
      { match: '{instrument}/**', owner: 'ben', instruments: ['A'] },
      { match: '{instrument}/**', owner: 'anna' },
    ],
  ])('is not claimed behind %s', (_, first, later) => {
    expect(second(first, later)).toEqual([]);
  });

  test.each<[RuleText, string]>([
    [{ match: 'XRD/**', owner: 'ben', instruments: ['SEM'] }, "its instrument is always 'XRD'"],
    [{ match: '{instrument}/**', owner: 'ben', instruments: [] }, 'empty'],
    [{ match: '{instrument:number}/**', owner: 'ben', instruments: ['SEM'] }, 'fits its {instrument} part'],
  ])('is found when its instruments cannot be: %j', (rule, reason) => {
    expect(found({ rules: [rule] })[0]?.reason).toContain(reason);
  });

  test('is found when {owner} is looked up among nobody', () => {
    expect(found({ rules: [{ match: '{owner}/**' }], owners: {} })[0]?.reason).toContain('no owners');
  });
});
