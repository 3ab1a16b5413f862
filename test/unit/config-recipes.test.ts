import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigResult, readConfig } from '../../src/config/load-config.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { configFiles, GOOD_NIGHTJAR } from '../support/config-files.ts';

const RECIPE = `title: our microscope
settle: 2h
complete: { marker: "*.ok" }
knowledge: [{ says: we have seen it, customary: true }]
`;
const rule = (keys: string): string =>
  `rules:\n  - match: "{instrument}/{owner}/**"\n    ${keys}\nowners: { ada: {} }\n`;

type Site = { readonly recipes?: Readonly<Record<string, string>>; readonly extra?: string };

function read(keys: string, { recipes = {}, extra = '' }: Site = {}): ConfigResult {
  using files = configFiles(`${GOOD_NIGHTJAR}${extra}`, rule(keys));
  mkdirSync(join(files.dir, 'ours'));
  for (const [name, text] of Object.entries(recipes)) writeFileSync(join(files.dir, 'ours', name), text);
  return readConfig({ file: files.file, env: {}, home: '/home/lab' });
}

const ours = (recipes: Readonly<Record<string, string>>, extra = 'recipes: ours\n'): Site => ({
  recipes,
  extra,
});

const lines = (result: ConfigResult): string[] =>
  result.ok
    ? []
    : result.problems.map((problem) =>
        formatProblem({ ...problem, file: problem.file.slice(problem.file.lastIndexOf('/') + 1) }),
      );

function ruleOf(result: ConfigResult) {
  if (!result.ok) throw new Error(lines(result).join('\n'));
  return result.config.mapping.rules[0];
}

describe('a recipe in a rule', () => {
  it('asks for what it says, and for as much quiet', () => {
    expect(ruleOf(read('recipe: galactic-spc'))).toMatchObject({
      settleMs: 20 * 60_000, // the default is longer than the recipe's
      complete: { by: 'rule 1, recipe galactic-spc', condition: { kind: 'all' } },
    });
    expect(ruleOf(read('recipe: leica-lif'))?.settleMs).toBe(60 * 60_000);
    expect(ruleOf(read('recipe: leica-lif\n    settle: 5m'))?.settleMs).toBe(5 * 60_000);
  });

  it('and conditions of the rule itself must both hold', () => {
    expect(
      ruleOf(read('recipe: mine\n    complete: { absent: "*.lck" }', ours({ 'mine.yaml': RECIPE }))),
    ).toMatchObject({
      complete: {
        condition: {
          kind: 'all',
          of: [
            { kind: 'marker', files: '*.ok' },
            { kind: 'absent', files: ['*.lck'] },
          ],
        },
      },
    });
  });

  it('that there is not is refused with the nearest name', () => {
    expect(lines(read('recipe: zeis-czi'))).toEqual([
      expect.stringMatching(
        /^folders\.yaml:3:13: rules\[0\]\.recipe: expected the name of a recipe.*; did you mean "zeiss-czi"\?$/,
      ),
    ]);
  });

  it('of the site takes the place of the shipped one', () => {
    const result = read('recipe: zeiss-czi', ours({ 'zeiss-czi.yaml': RECIPE }));

    expect(ruleOf(result)).toMatchObject({
      settleMs: 2 * 3_600_000,
      complete: { condition: { kind: 'marker' } },
    });
  });

  it('must have the number that it counts by', () => {
    const counting = RECIPE.replace('marker: "*.ok"', 'count: { "*.tif": "{n}" }');

    expect(lines(read('recipe: mine', ours({ 'mine.yaml': counting })))).toEqual([
      expect.stringContaining('folders.yaml:3:13: rules[0].recipe: expected {n:number} as a part'),
    ]);
  });
});

describe("the site's recipes", () => {
  it.each([
    ['an unknown key', `${RECIPE}colour: red\n`, 'mine.yaml:5:1: colour: unknown key "colour"'],
    [
      'no source',
      RECIPE.replace(', customary: true', ''),
      'knowledge[0]: expected either `source: URL` or `customary: true`',
    ],
    [
      'both',
      RECIPE.replace('customary', 'source: "https://x.org", customary'),
      'expected either `source: URL`',
    ],
    [
      'a source nobody can open',
      RECIPE.replace('customary: true', 'source: a book'),
      'expected the URL of a public document',
    ],
    ['no conditions', RECIPE.replace('{ marker: "*.ok" }', '{}'), 'expected at least one condition'],
    ['no knowledge', RECIPE.replace(/knowledge.*/, ''), 'knowledge'],
  ])('are refused with their place even while unused: %s', (_, text, words) => {
    const [line = ''] = lines(read('settle: 1m', ours({ 'mine.yaml': text })));

    expect(line).toContain(words);
    expect(line).toMatch(/^mine\.yaml:\d+:\d+: /);
  });

  it('must be where nightjar.yaml says', () => {
    expect(lines(read('settle: 1m', { extra: 'recipes: nowhere\n' }))).toEqual([
      expect.stringMatching(
        /^nightjar\.yaml:\d+:10: recipes: expected a directory of recipes, found .*nowhere: ENOENT$/,
      ),
    ]);
  });
});
