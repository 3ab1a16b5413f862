import { describe, expect, test } from 'vitest';
import { IngestError } from '../../../src/core/errors.ts';
import { sharePath } from '../../../src/core/share-path.ts';
import { createAssigner } from '../../../src/ownership/assign-owner.ts';
import { DEFAULT_SETTLE_MS, type MappingText, mappingOf } from './mapping-of.ts';

const OWNERS = { mueller: ['jmueller', 'J. Müller'], anna: [], ben: [] };

function assign(path: string, mapping: MappingText) {
  return createAssigner(mappingOf({ owners: OWNERS, ...mapping })).assign(sharePath(path));
}

describe('a file with an owner', () => {
  test('is given with dataset, instrument, facts and the rule’s own settings', () => {
    const rules = [
      {
        match: '{instrument}/{owner}/{sample}_{date:yyyyMMdd}/**',
        settleMs: 5,
        destination: 'archive',
        compress: true,
      },
    ];

    expect(assign('SEM1/jmueller/Cu_x_20260131/raw/a.tif', { rules })).toEqual({
      kind: 'owned',
      owner: 'mueller',
      dataset: 'SEM1/jmueller/Cu_x_20260131',
      instrument: 'SEM1',
      rule: 'rule 1',
      facts: { instrument: 'SEM1', sample: 'Cu_x', date: '20260131' },
      settleMs: 5,
      destination: 'archive',
      compress: true,
    });
  });

  test('has the mapping’s settings where the rule has none', () => {
    expect(assign('XRD/a/f', { rules: [{ match: 'XRD/**', owner: 'ben' }] })).toEqual({
      kind: 'owned',
      owner: 'ben',
      dataset: 'XRD',
      instrument: 'XRD',
      rule: 'rule 1',
      facts: {},
      settleMs: DEFAULT_SETTLE_MS,
      destination: 'nomad',
      compress: false,
    });
  });

  test('belongs to the dataset of its own directory when the template has no **', () => {
    const rules = [{ match: 'XRD/{owner}/{file}.xy' }, { match: '{owner}_{file}' }];

    expect(assign('XRD/anna/scan.xy', { rules })).toMatchObject({
      dataset: 'XRD/anna',
      facts: { file: 'scan' },
    });
    expect(assign('XRD/anna/deeper/scan.xy', { rules })).toMatchObject({ owner: 'collector' });
    expect(assign('anna_x', { rules })).toMatchObject({ owner: 'anna', dataset: '', instrument: '(root)' });
  });

  test('may be below ** at any depth but not be the directory itself', () => {
    const rules = [{ match: 'XRD/{owner}/**' }];

    expect(assign('XRD/anna/f', { rules })).toMatchObject({ owner: 'anna', dataset: 'XRD/anna' });
    expect(assign('XRD/anna/a/b/c/f', { rules })).toMatchObject({ owner: 'anna', dataset: 'XRD/anna' });
    expect(assign('XRD/anna', { rules })).toMatchObject({ owner: 'collector', reason: 'no rule matches' });
  });

  test('is found by the instrument part wherever it stands', () => {
    const rules = [{ match: 'lab/{owner}/{instrument}-*/**', instruments: ['SEM'] }];

    expect(assign('lab/anna/SEM-1/f', { rules })).toMatchObject({ owner: 'anna', instrument: 'SEM' });
    expect(assign('lab/anna/TEM-1/f', { rules })).toMatchObject({ owner: 'collector', instrument: 'lab' });
  });
});

describe('the order of rules', () => {
  test('decides between rules that are not equally exact, whichever is more so', () => {
    const exact = { match: 'TEM/service/**', hold: 'service data: ask the manager' };
    const wide = { match: '{instrument}/**', owner: 'ben' };

    expect(assign('TEM/service/f', { rules: [exact, wide] })).toEqual({
      kind: 'held',
      code: 'BY_RULE',
      reason: 'rule 1: service data: ask the manager',
      instrument: 'TEM',
      rules: ['rule 1'],
    });
    expect(assign('TEM/service/f', { rules: [wide, exact] })).toMatchObject({ kind: 'owned', owner: 'ben' });
  });

  test('passes over a rule whose {owner} is nobody known', () => {
    const rules = [{ match: '{instrument}/{owner}/**' }, { match: '{instrument}/**', owner: 'ben' }];

    expect(assign('SEM/anna/f', { rules })).toMatchObject({ owner: 'anna' });
    expect(assign('SEM/nobody/f', { rules })).toMatchObject({ owner: 'ben', rule: 'rule 2' });
  });

  test('lets a list of instruments stand for as many literal rules', () => {
    const listed = { match: '{instrument}/{owner}/**', instruments: ['SEM'] };
    const any = { match: '{instrument}/{person}/**', owner: 'ben' };

    expect(assign('SEM/anna/f', { rules: [listed, any] })).toMatchObject({ owner: 'anna' });
    expect(assign('XRD/anna/f', { rules: [listed, any] })).toMatchObject({ owner: 'ben' });
  });
});

describe('equal matches', () => {
  const byFirst = { match: '{owner}/{instrument}/**' };
  const bySecond = { match: '{instrument}/{owner}/**' };

  test('are held whichever comes first, and the reason names both rules and what each says', () => {
    expect(assign('anna/ben/f', { rules: [byFirst, bySecond] })).toEqual({
      kind: 'held',
      code: 'AMBIGUOUS',
      reason:
        "rule 1 (folders.yaml:2) says owner 'anna' at 'nomad', rule 2 (folders.yaml:3) says owner 'ben' at 'nomad': " +
        'equal matches are never guessed, make one of them more exact',
      instrument: 'ben',
      rules: ['rule 1', 'rule 2'],
    });
    expect(assign('anna/ben/f', { rules: [bySecond, byFirst] })).toMatchObject({
      kind: 'held',
      rules: ['rule 1', 'rule 2'],
    });
  });

  test('are no tie when only one of them knows its owner, or both mean the same one', () => {
    expect(assign('SEM/ben/f', { rules: [byFirst, bySecond] })).toMatchObject({ owner: 'ben' });
    expect(assign('anna/anna/f', { rules: [byFirst, bySecond] })).toMatchObject({ owner: 'anna' });
  });

  test.each([
    ['hold and owner', { hold: 'wait' }, { owner: 'ben' }],
    ['exclude and owner', { exclude: 'private' }, { owner: 'ben' }],
    ['exclude and hold', { exclude: 'private' }, { hold: 'wait' }],
    ['two destinations', { owner: 'ben' }, { owner: 'ben', destination: 'archive' }],
  ])('of %s are held both ways', (_, one, other) => {
    const left = { match: 'a/*/**', ...one };
    const right = { match: 'a/{x}/**', ...other };

    for (const rules of [
      [left, right],
      [right, left],
    ])
      expect(assign('a/b/f', { rules })).toMatchObject({ kind: 'held', rules: ['rule 1', 'rule 2'] });
  });

  test('that end in different ways are no tie, even after an unequal rule between them', () => {
    const rules = [
      { match: 'a/{x}/**', owner: 'anna' },
      { match: 'a/**', owner: 'ben' },
      { match: 'a/b/**', owner: 'mueller' },
    ];

    expect(assign('a/b/f', { rules })).toMatchObject({ owner: 'anna' });
  });
});

describe('a folder name that can mean two owners', () => {
  test('is held when it can be divided two ways', () => {
    const owners = { jan: [], jan_mueller: [] };
    const rules = [{ match: '{owner}_{sample}/**' }];

    expect(assign('jan_mueller_run1/f', { owners, rules })).toMatchObject({
      kind: 'held',
      reason: "rule 1: 'jan_mueller_run1' may be 'jan' or 'jan_mueller'",
    });
    expect(assign('jan_run1/f', { owners, rules })).toMatchObject({
      owner: 'jan',
      facts: { sample: 'run1' },
    });
  });

  test('is no riddle when only one way gives a known owner, and the other parts follow from it', () => {
    const owners = { jan_mueller: [] };

    expect(assign('jan_mueller_run1/f', { owners, rules: [{ match: '{owner}_{sample}/**' }] })).toMatchObject(
      {
        owner: 'jan_mueller',
        facts: { sample: 'run1' },
      },
    );
  });

  test('is held when only letter case tells them apart and the folder has neither', () => {
    const owners = { Anna: [], anna: [] };
    const rules = [{ match: '{owner}/**' }];

    expect(assign('anna/f', { owners, rules })).toMatchObject({ owner: 'anna' });
    expect(assign('ANNA/f', { owners, rules })).toMatchObject({ kind: 'held' });
  });
});

describe('a file that is nobody’s', () => {
  test('goes to the collector with the nearest known name as a hint', () => {
    const rules = [{ match: '{instrument}/{owner}/**' }];

    expect(assign('SEM1/jmuelelr/run/x/f', { rules })).toEqual({
      kind: 'owned',
      owner: 'collector',
      dataset: 'SEM1/jmuelelr',
      instrument: 'SEM1',
      rule: 'no rule',
      facts: {},
      settleMs: DEFAULT_SETTLE_MS,
      destination: 'nomad',
      compress: false,
      reason: "no owner called 'jmuelelr', nearest known: 'jmueller' (alias of mueller, 1 edit) (rule 1)",
      code: 'UNKNOWN_OWNER',
      suggestion: { name: 'jmueller', owner: 'mueller', edits: 1 },
    });
  });

  test('is grouped by its first two directories, or by what there is', () => {
    expect(assign('a/b/c/d/f', { rules: [] })).toMatchObject({ dataset: 'a/b' });
    expect(assign('a/b/f', { rules: [] })).toMatchObject({ dataset: 'a/b' });
    expect(assign('a/f', { rules: [] })).toMatchObject({ dataset: 'a' });
    expect(assign('f', { rules: [] })).toMatchObject({ dataset: '' });
  });

  test('waits as long as the rule it nearly matched would have waited', () => {
    const rules = [{ match: '{instrument}/{owner}/**', settleMs: 9_000_000 }];

    expect(assign('SEM/nobody/f', { rules })).toMatchObject({ owner: 'collector', settleMs: 9_000_000 });
    expect(assign('f', { rules })).toMatchObject({ owner: 'collector', settleMs: DEFAULT_SETTLE_MS });
  });

  test('says so also when a rule gives it to the collector', () => {
    expect(assign('a/f', { rules: [{ match: 'a/**', owner: 'collector' }] })).toMatchObject({
      owner: 'collector',
      dataset: 'a',
      reason: 'rule 1 gives it to the collector',
      code: 'BY_RULE',
    });
  });

  test('has a reason that is safe to print', () => {
    const mapping = { rules: [{ match: '{owner}/**' }] };

    expect(assign('\u001b[2Jx/f', mapping).reason).toBe(String.raw`no owner called '\x1b[2Jx' (rule 1)`);
    expect(assign('\udcff/f', mapping).reason).toBe(String.raw`no owner called '\xff' (rule 1)`);
    expect(assign('__proto__/f', mapping).reason).toBe("no owner called '__proto__' (rule 1)");
  });
});

describe('a rule that holds or excludes', () => {
  test('does so for every {owner}, known or not', () => {
    const rules = [{ match: '{instrument}/{owner}/private/**', exclude: 'private' }];

    for (const person of ['anna', 'nobody'])
      expect(assign(`SEM/${person}/private/f`, { rules })).toEqual({
        kind: 'excluded',
        reason: 'rule 1: private',
        instrument: 'SEM',
      });
  });

  test('comes after the ignore patterns', () => {
    const mapping = { rules: [{ match: '**', hold: 'all' }], ignore: ['*.tmp', '@eaDir/'] };

    expect(assign('a/x.tmp', mapping)).toMatchObject({ kind: 'excluded', reason: "ignored by '*.tmp'" });
    expect(assign('@eaDir/x', mapping)).toMatchObject({ kind: 'excluded', reason: "ignored by '@eaDir/'" });
    expect(assign('a/x', mapping)).toMatchObject({ kind: 'held' });
  });
});

describe('files of one directory', () => {
  test('are told apart by rules on their names, after as before the directory is known', () => {
    const mapping = mappingOf({
      owners: OWNERS,
      rules: [
        { match: 'XRD/{owner}_*.xy' },
        { match: 'XRD/*.log', exclude: 'log' },
        { match: 'XRD/**', owner: 'ben' },
      ],
      ignore: ['*.tmp'],
    });
    const assigner = createAssigner(mapping);
    const fates = () =>
      ['anna_1.xy', 'x.log', 'jmueller_2.xy', 'zoe_2.xy', 'y.tmp'].map((name) => {
        const given = assigner.assign(sharePath(`XRD/${name}`));
        return given.kind === 'owned' ? given.owner : given.kind;
      });

    expect(fates()).toEqual(['anna', 'excluded', 'mueller', 'ben', 'excluded']);
    expect(fates()).toEqual(['anna', 'excluded', 'mueller', 'ben', 'excluded']);
  });
});

describe('files at the root of the share', () => {
  test('are told apart by their names, whichever is asked about first', () => {
    const assigner = createAssigner(
      mappingOf({ owners: OWNERS, rules: [{ match: 'notes.txt', owner: 'ben' }, { match: '{owner}' }] }),
    );
    const fates = ['zoe', 'notes.txt', 'anna'].map((name) => assigner.assign(sharePath(name)));

    expect(fates).toMatchObject([{ owner: 'collector' }, { owner: 'ben' }, { owner: 'anna' }]);
  });
});

describe('a mapping that makes no sense', () => {
  test('is refused with every problem at its line', () => {
    const rules = [
      { match: 'a/**' },
      { match: 'a//b', owner: 'anna' },
      { match: 'a/{owner}/**', owner: 'anna' },
      { match: 'b/**', hold: 'x', exclude: 'y' },
      { match: 'c/**', owner: 'nobody' },
      { match: 'd/**', owner: 'anna' },
    ];
    const attempt = () => createAssigner(mappingOf({ rules, owners: { anna: [], collector: [] } }));

    expect(attempt).toThrow(IngestError);
    expect(problemsOf(attempt)).toEqual([
      "'collector' cannot be an owner: it is the account for data nobody owns",
      "folders.yaml:2: rule 1 'a/**': it names no owner: it needs an {owner} part, or owner, owner_from, hold or exclude",
      "folders.yaml:3: rule 2 'a//b': it has an empty segment: nothing, or two / in a row, or a / at the end",
      "folders.yaml:4: rule 3 'a/{owner}/**': it has both an {owner} part and an owner: only one of them can be",
      "folders.yaml:5: rule 4 'b/**': it says hold and exclude: only one of them can be",
      "folders.yaml:6: rule 5 'c/**': its owner 'nobody' is not among the owners",
    ]);
  });
});

function problemsOf(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (thrown) {
    if (thrown instanceof IngestError && thrown.code === 'CONFIG_INVALID') return thrown.context['problems'];
  }
  return undefined;
}
