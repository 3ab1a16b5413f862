import { describe, expect, it } from 'vitest';
import { filesBelow, readText, sources } from './source-tree.ts';

const FORBIDDEN = ['utils', 'util', 'helpers', 'helper', 'common', 'shared', 'misc', 'manager', 'service'];
const MAX_LINES = 300;
const MAX_STORY_LINES = 120;
const STORIES = ['src/nightly/run-nightly.ts', 'src/delivery/deliver-batch.ts'];

const lineCount = (text: string): number => text.replace(/\n$/, '').split('\n').length;

function badName(path: string): string | undefined {
  const parts = path.split('/').flatMap((part) => part.replace(/(\.test|\.contract)?\.ts$/, '').split('-'));
  if (path.endsWith('/index.ts')) return 'a barrel';
  if (parts.some((part) => FORBIDDEN.includes(part))) return 'a name that says nothing';
  const name = path.slice(path.lastIndexOf('/') + 1);
  return /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(name) ? undefined : 'not kebab-case';
}

describe('files', () => {
  it('have names that say what is in them', () => {
    const code = [...filesBelow('src'), ...filesBelow('test')].filter((path) => path.endsWith('.ts'));

    expect(
      code.flatMap((path) => (badName(path) === undefined ? [] : [`${path}: ${badName(path)}`])),
    ).toEqual([]);
  });

  it('would be told of a bad name', () => {
    const bad = [
      'src/core/index.ts',
      'src/utils/x.ts',
      'src/share/share-manager.ts',
      'src/share/walkTree.ts',
    ];

    expect(bad.filter((path) => badName(path) === undefined)).toEqual([]);
    expect(badName('src/share/walk-tree.ts')).toBeUndefined();
  });

  it(`end before line ${MAX_LINES}, and the two lines of the story before line ${MAX_STORY_LINES}`, () => {
    const long = sources().filter(({ text }) => lineCount(text) > MAX_LINES);

    expect(long.map(({ path }) => path)).toEqual([]);
    for (const path of STORIES) expect(lineCount(readText(path)), path).toBeLessThanOrEqual(MAX_STORY_LINES);
  });

  it('of the project say nothing of the machine they were written on', () => {
    const documents = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...filesBelow('docs')];
    const machine = /\/(?:work|home\/[a-z]+|root)\//;

    expect(documents.filter((path) => machine.test(readText(path)))).toEqual([]);
  });
});
