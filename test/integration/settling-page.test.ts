import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config/load-config.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { configFiles, GOOD_FOLDERS, GOOD_NIGHTJAR } from '../support/config-files.ts';
import { MINUTE, watchedLab } from '../support/watched-lab.ts';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/settling-and-ownership.md'), 'utf8');

/** The fenced blocks of a language, without their fences. */
const blocks = (language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, found, text = '']) =>
    found === language ? [text] : [],
  );

/** The YAML of the page by the file that its first line names. */
const yaml = (file: RegExp): string[] =>
  blocks('yaml').filter((text) => file.test(text.split('\n')[0] ?? ''));

function problems(
  nightjar: string,
  folders: string,
  recipes: readonly (readonly [string, string])[],
): string[] {
  using files = configFiles(nightjar, folders);
  mkdirSync(join(files.dir, 'instruments'));
  for (const [name, text] of recipes) writeFileSync(join(files.dir, 'instruments', name), text);
  const result = readConfig({ file: files.file, env: {}, home: '/home/lab' });
  return result.ok ? [] : result.problems.map(formatProblem);
}

/** Times of day and dates depend on where the test runs. */
const timeless = (text: string): string =>
  text
    .replaceAll(/(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d/g, 'TIME')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim();

describe('docs/settling-and-ownership.md', () => {
  it('shows rules that load', () => {
    const folders = yaml(/^# folders\.yaml/);

    expect(folders.length).toBeGreaterThanOrEqual(3);
    for (const text of folders) expect(problems(GOOD_NIGHTJAR, text, []), text).toEqual([]);
  });

  it('shows a recipe of a site that loads', () => {
    const [nightjar = ''] = yaml(/^# nightjar\.yaml/);
    const recipes = yaml(/^# instruments\//).map(
      (text) => [basename((text.split('\n')[0] ?? '').slice(2)), text] as const,
    );

    expect(recipes).toHaveLength(1);
    expect(problems(`${GOOD_NIGHTJAR}${nightjar}`, GOOD_FOLDERS, recipes)).toEqual([]);
    expect(yaml(/./)).toHaveLength(yaml(/^# (folders|nightjar|instruments\/.*)\.yaml/).length);
  });

  it('names every recipe with its instrument and its settle time', () => {
    const rows = [...page.matchAll(/^\| `([^`]+)` +\| (.*?) +\| (\S+) +\|$/gm)].map((row) => row.slice(1, 4));
    const dir = join(ROOT, 'config/instruments');
    const shipped = readdirSync(dir)
      .sort()
      .map((file) => {
        const { title, settle } = parse(readFileSync(join(dir, file), 'utf8')) as Record<string, string>;
        return [basename(file, '.yaml'), title, settle];
      });

    expect(rows).toEqual(shipped);
  });

  it('shows what why and explain say of its small share', async () => {
    const [folders = ''] = yaml(/^# folders\.yaml/).filter((text) => text.includes('recipe:'));
    const [listing = ''] = blocks('text');
    const lines = listing
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    const tree = Object.fromEntries(
      lines.map(([path = '', size]) => [path, Buffer.alloc(Number(size), 'x')]),
    );
    await using at = await watchedLab(folders);
    await at.put(tree);
    await at.look();
    at.clock.advance(60 * MINUTE);
    await at.look();

    const shown = blocks('console').map((text) => text.split('\n'));

    expect(at.ready()).toEqual(['XRD/mueller/run_18/scan.ras', 'XRD/mueller/run_18/scan.raw']);
    expect(shown).toHaveLength(2);
    for (const [command = '', ...output] of shown) {
      const { out } = await at.lab.run(...command.replace('$ nightjar ', '').split(' '));
      expect(timeless(output.join('\n'))).toBe(timeless(out));
    }
  });
});
