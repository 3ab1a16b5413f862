import { describe, expect, it } from 'vitest';
import { readControl } from '../../src/config/control-file.ts';
import { readYaml } from '../../src/config/read-yaml.ts';
import { MAX_CONTROL_BYTES } from '../../src/core/control.ts';
import { sharePath } from '../../src/core/share-path.ts';

/** As much of a text as a control file may hold: anybody who writes on the share can put it there. */
const filled = (text: string, before = ''): string =>
  (before + text.repeat(Math.ceil(MAX_CONTROL_BYTES / text.length))).slice(0, MAX_CONTROL_BYTES);

const read = (content: string) =>
  readControl(sharePath('SEM1/run'), {
    ...{ name: '.nightjar.yaml', size: content.length, mtimeNs: 1n },
    content: Buffer.from(content),
  });

const numbered = (count: number): string =>
  Array.from({ length: count }, (_, at) => `key${at}: x`).join('\n');

const LAUGHS = Array.from({ length: 60 }, (_, at) =>
  at === 0
    ? 'k0: &k0 [lol]'
    : `k${at}: &k${at} [${Array(9)
        .fill(`*k${at - 1}`)
        .join(', ')}]`,
).join('\n');

const BOMBS: Readonly<Record<string, string>> = {
  'an alias of aliases, a billion times': LAUGHS,
  'one alias thousands of times': filled('- *a\n', '- &a [x]\n'),
  'an alias within itself': '&a [*a]',
  'an alias that is nowhere': filled('*'),
  'lists in lists': filled('['),
  'mappings in mappings': filled('{a: '),
  'dashes on one line': filled('- '),
  'question marks on one line': filled('? '),
  'thousands of keys': numbered(5000),
  'thousands of keys in one line': `{${numbered(5000).replaceAll(': x\n', ', ')}}`,
  'one key thousands of times': filled('a:\n'),
  'a key as long as the file': filled('x', '? '),
  'a reason as long as the file': filled('x', 'hold: '),
  'a reason of thousands of lines': filled('  x\n', 'hold: |\n'),
  'a number as long as the file': filled('9', 'quiet: '),
  'a duration as long as the file': filled('1d ', 'quiet: "1s" # '),
  'thousands of documents': filled('---\n'),
  'thousands of directives': filled('%a b\n'),
  'thousands of tags': filled('!!js/function '),
  'a tag that other parsers run': 'hold: !!python/object/apply:os.system ["true"]',
  'thousands of quotes': filled('"'),
  'the machinery of objects': '__proto__: { hold: x }',
  'the machinery of objects, nested': 'constructor: { prototype: { hold: x } }',
};

describe('a hostile control file', () => {
  const { 'a duration as long as the file': harmless = '', ...bombs } = BOMBS;

  it.each(Object.entries(bombs))(
    'with %s is refused, with its place and in a few words',
    (_what, content) => {
      const { problem = '', ...rest } = read(content);

      expect(rest).toEqual({ dir: 'SEM1/run', file: 'SEM1/run/.nightjar.yaml' });
      expect(problem).toMatch(/^SEM1\/run\/\.nightjar\.yaml:\d+:\d+: /);
      expect(problem.length).toBeLessThan(1700);
      expect(({} as Record<string, unknown>)['hold']).toBeUndefined();
    },
  );

  it('may have a long comment', () => {
    expect(read(harmless)).toMatchObject({ quietMs: 1000 });
  });
});

/** Processor time of this process, so that what else the machine does counts little; the best of some. */
function costOf(work: () => unknown): number {
  const costs = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.max(Math.min(...costs), 1);
}

describe('a text of so many keys', () => {
  it('takes as much longer to read as it is longer, not by the square', () => {
    const [some, eightfold] = [500, 4000].map((count) => costOf(() => readYaml(numbered(count)))) as [
      number,
      number,
    ];

    // By the square it would be 64 times as long.
    expect(eightfold / some).toBeLessThan(32);
  });

  it('is searched for doubled ones by their name as keys, wherever they are', () => {
    expect(readYaml('a: { 1: x, "1": y }')).toEqual([
      { line: 1, column: 12, message: 'not valid YAML: Map keys must be unique' },
    ]);
  });
});
