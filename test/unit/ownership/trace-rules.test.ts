import { describe, expect, test } from 'vitest';
import { sharePath } from '../../../src/core/share-path.ts';
import { createAssigner } from '../../../src/ownership/assign-owner.ts';
import { type MappingText, mappingOf } from './mapping-of.ts';

function trace(path: string, mapping: MappingText) {
  return createAssigner(mappingOf({ owners: { anna: [], ben: [] }, ...mapping })).trace(sharePath(path));
}

describe('the trace of a path', () => {
  test('says of each rule why it did not match, which decides, and which would have', () => {
    const rules = [
      { match: 'XRD/**', owner: 'ben' },
      { match: 'sem1/{owner}/**' },
      { match: 'SEM1/{owner}' },
      { match: 'SEM1/*/*/*/**', owner: 'ben' },
      { match: '{instrument}/{owner}/{set}/**', instruments: ['TEM', 'XRD'] },
      { match: '*/{set}/{owner}/*' },
      { match: 'SEM1/{owner}/*/*' },
      { match: '{instrument}/**', owner: 'ben' },
    ];

    const traced = trace('SEM1/anna/bem/f', { rules });

    expect(traced.steps.map(({ rule, verdict, why }) => `${rule} ${verdict}: ${why}`)).toEqual([
      "rule 1 no-match: part 1, 'SEM1', is not 'XRD'",
      "rule 2 no-match: part 1, 'SEM1', is not 'sem1' (letter case differs)",
      'rule 3 no-match: the path has 4 parts, the template only 2 (end it in /** for all below)',
      'rule 4 no-match: the path has 4 parts, the template needs at least 5',
      "rule 5 no-match: the instrument 'SEM1' is not one of TEM, XRD",
      "rule 6 unknown-owner: no owner called 'bem', nearest known: 'ben' (1 edit)",
      "rule 7 decides: matches first: owner 'anna'",
      "rule 8 later: matches too and says owner 'ben', but rule 7 comes first",
    ]);
    expect(traced).toMatchObject({ winner: 'rule 7', ignoredBy: undefined, assignment: { owner: 'anna' } });
    expect(traced.steps[0]).toMatchObject({ at: 'folders.yaml:2', match: 'XRD/**' });
  });

  test('shows both sides of a tie', () => {
    const traced = trace('anna/ben/f', { rules: [{ match: '{owner}/*/**' }, { match: '*/{owner}/**' }] });

    expect(traced.steps.map(({ verdict, why }) => `${verdict}: ${why}`)).toEqual([
      "decides: matches first and says owner 'anna', but is tied",
      "tied: matches and is as exact as rule 1, but says owner 'ben'",
    ]);
    expect(traced.assignment.kind).toBe('held');
  });

  test('ends at an ignore pattern before any rule', () => {
    const traced = trace('a/b.tmp', { rules: [{ match: '**', owner: 'ben' }], ignore: ['*.tmp'] });

    expect(traced).toEqual({
      path: 'a/b.tmp',
      ignoredBy: '*.tmp',
      steps: [],
      winner: undefined,
      assignment: {
        ...{ kind: 'excluded', reason: "ignored by '*.tmp'", instrument: 'a' },
        help: expect.stringContaining('`ignore` in folders.yaml'),
      },
    });
  });

  test('has no winner when nobody matched, and tells Unicode forms apart', () => {
    const traced = trace('Mu\u0308/x', { rules: [{ match: 'M\u00fc/**', owner: 'ben' }] });

    expect(traced.winner).toBeUndefined();
    expect(traced.steps[0]?.why).toContain('other Unicode form');
    expect(traced.assignment).toMatchObject({ owner: 'collector', reason: 'no rule matches' });
  });
});
