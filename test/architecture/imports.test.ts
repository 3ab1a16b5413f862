import { describe, expect, it } from 'vitest';
import { breaches, cycleOf, homesOf } from './find-breaches.ts';
import { HOMES, IMPORT_TABLE, type ImportRule } from './import-table.ts';
import { importsOf, readText, type Source, sources, tableRows } from './source-tree.ts';

const ALL = sources();

describe('imports', () => {
  it('go only where the table allows', () => {
    expect(ALL.length).toBeGreaterThan(100);
    expect(breaches(ALL)).toEqual([]);
  });

  it('have no cycle between folders', () => {
    expect(cycleOf(ALL)).toBeUndefined();
  });

  it('keep each npm package in its home folder', () => {
    const homes = [...homesOf(ALL)].sort(([a], [b]) => a.localeCompare(b));

    for (const [name, folders] of homes) expect(HOMES[name], name).toEqual([...folders].sort());
    expect(homes.map(([name]) => name)).toEqual(Object.keys(HOMES));
  });

  it('use exactly the packages of package.json', () => {
    const { dependencies } = JSON.parse(readText('package.json')) as { dependencies: object };

    expect(Object.keys(dependencies).sort()).toEqual(Object.keys(HOMES));
  });

  it('never reach app/ or cli/ from below', () => {
    const below = IMPORT_TABLE.filter(({ of }) => !['app/', 'cli/', 'main.ts'].includes(of));

    expect(below.filter(({ ours }) => ours.some((one) => one === 'app/' || one === 'cli/'))).toEqual([]);
    expect(IMPORT_TABLE.find(({ of }) => of === 'app/')?.ours).not.toContain('cli/');
  });

  it('are the table of docs/architecture.md', () => {
    const rows = tableRows(readText('docs/architecture.md'), 'folder');

    expect(rows).toEqual(IMPORT_TABLE.map(rowOf));
  });
});

describe('a planted breach', () => {
  const planted = (path: string, text: string): Source => ({ path, text });

  it.each([
    ['src/core/x.ts', `import { a } from '../ledger/runs.ts';\n`],
    ['src/share/x.ts', `import type { Batch } from '../batch/manifest.ts';\n`],
    ['src/nightly/x.ts', `import { readFile } from 'node:fs/promises';\n`],
    ['src/delivery/x.ts', `import { createNomad } from '../destinations/nomad/nomad.ts';\n`],
    ['src/delivery/x.ts', `import {\n  type Job,\n  Queue,\n} from 'bullmq';\n`],
    ['src/ledger/x.ts', `export { Command } from 'commander';\n`],
    ['src/destinations/nomad/x.ts', `import { a } from '../directory/directory.ts';\n`],
    ['src/app/x.ts', `import { a } from '../cli/style.ts';\n`],
    ['src/config/x.ts', `import { a } from '../ownership/decide.ts';\n`],
    ['src/ownership/x.ts', `const late = await import('../share/walk.ts');\n`],
    ['src/batch/x.ts', `import 'node:sqlite';\n`],
    ['src/ledger/x.ts', `import { fork } from 'node:child_process';\n`],
    ['src/novel/x.ts', ''],
  ])('in %s is found: %j', (path, text) => {
    expect(breaches([planted(path, text)])).toHaveLength(1);
  });

  it('is not seen in what the table allows, nor in words that only look like an import', () => {
    const good = [
      planted('src/delivery/a.ts', `import type { Tier } from '../tiering/tier.ts';\n`),
      planted('src/config/a.ts', `import { x } from '../destinations/nomad/options.ts';\n`),
      planted('src/cli/demo/a.ts', `import { Command } from 'commander';\n`),
      planted(
        'src/core/a.ts',
        `export const sql = \`x\n from 'ledger'\`;\nexport const b = 1; // from '../app/x.ts'\n`,
      ),
    ];

    expect(breaches(good)).toEqual([]);
  });

  it('of the order is found: two folders that need each other', () => {
    const one = planted('src/share/a.ts', `import { b } from '../batch/b.ts';\n`);
    const two = planted('src/batch/b.ts', `import { a } from '../share/a.ts';\n`);
    const typeOnly = planted('src/batch/b.ts', `import type { A } from '../share/a.ts';\n`);

    expect(cycleOf([one, two])).toBe('share/ → batch/ → share/');
    expect(cycleOf([one, typeOnly])).toBeUndefined();
  });

  it('is read from every form of import', () => {
    const text = `import a from 'a';\nimport type { B } from 'b';\nexport * from 'c';\nimport 'd';\nvoid import('e');\n`;

    expect(importsOf(text).map(({ from, typeOnly }) => `${from}${typeOnly ? ' (type)' : ''}`)).toEqual([
      'a',
      'b (type)',
      'c',
      'd',
      'e',
    ]);
  });
});

/** A rule as docs/architecture.md writes it. */
function rowOf({ of, ours, npm, node }: ImportRule): string[] {
  const list = (names: readonly string[]): string =>
    names.length === 0 ? '—' : names.map((name) => (name === 'any' ? 'any' : `\`${name}\``)).join(' ');
  return [`\`${of}\``, list(ours), list(npm), list(node)];
}
