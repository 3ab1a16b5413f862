import { describe, expect, it, test } from 'vitest';
import { sharePath } from '../../../src/core/share-path.ts';
import { createAssigner } from '../../../src/ownership/assign-owner.ts';
import { mappingOf, type RuleText } from './mapping-of.ts';

const TABLES = {
  projects: { p17: 'Perovskites 2026', Zürich: 'ZH' },
  instruments: { 'Zeiss Merlin': 'SEM1' },
  twins: { a: 'x', A: 'y' },
};

const assign = (path: string, rule: RuleText) =>
  createAssigner({ ...mappingOf({ rules: [rule], owners: { ada: [] } }), tables: TABLES }).assign(
    sharePath(path),
  );

describe('a table', () => {
  const rule: RuleText = {
    match: '{instrument}/{project}_{owner}/**',
    translate: { project: 'projects', instrument: 'instruments' },
  };

  it('turns the text of a part into what it means, as a fact and as the instrument', () => {
    expect(assign('Zeiss Merlin/p17_ada/x', rule)).toMatchObject({
      instrument: 'SEM1',
      facts: { instrument: 'SEM1', project: 'Perovskites 2026' },
      dataset: 'Zeiss Merlin/p17_ada',
    });
  });

  it('leaves a text alone that it does not have', () => {
    expect(assign('TEM/p18_ada/x', rule)).toMatchObject({ instrument: 'TEM', facts: { project: 'p18' } });
  });

  it('trap 16: knows a text in another letter case and in the other Unicode form', () => {
    expect(assign('TEM/P17_ada/x', rule)).toMatchObject({ facts: { project: 'Perovskites 2026' } });
    expect(assign(`TEM/${'Zürich'.normalize('NFD')}_ada/x`, rule)).toMatchObject({
      facts: { project: 'ZH' },
    });
  });

  it('does not change what `instruments` of the rule is compared with: the folder’s own name', () => {
    const only = { ...rule, instruments: ['Zeiss Merlin'] };

    expect(assign('Zeiss Merlin/p17_ada/x', only)).toMatchObject({ owner: 'ada', instrument: 'SEM1' });
    expect(assign('SEM1/p17_ada/x', only)).toMatchObject({ owner: 'collector' });
  });

  test.each([
    [{ match: '{p}/{owner}/**', translate: { p: 'none' } }, "no table 'none'"],
    [{ match: '{p}/{owner}/**', translate: { q: 'projects' } }, 'no part of it'],
    [{ match: '{p}/{owner}/**', translate: { owner: 'projects' } }, 'give the owner an alias'],
    [{ match: '{p}/{owner}/**', translate: { p: 'twins' } }, 'twice, in other letter case'],
  ])('%o is refused: %s', (rule, words) => {
    expect(() => assign('a/b/c', rule)).toThrow(words);
  });
});
