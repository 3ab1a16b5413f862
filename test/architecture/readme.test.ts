import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT, readText, sources, tableRows } from './source-tree.ts';

const readme = readText('README.md');
const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
const RUN = 'sh src/setup.sh && npm run demo';
const TEST = 'sh src/setup.sh && npm run check';

/** The commands that `nightjar --help` lists. */
const commands = commandsOf(
  execFileSync(process.execPath, ['src/main.ts', '--help'], { cwd: ROOT, encoding: 'utf8' }),
);

function commandsOf(help: string): string[] {
  const list = help.split(/^Commands:$/m)[1] ?? '';
  return [...list.matchAll(/^ {2}([a-z-]+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help');
}

describe('README.md', () => {
  it('has the two commands, each on a line of its own in a block', () => {
    const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text.trim());

    expect(blocks).toContain(RUN);
    expect(blocks).toContain(TEST);
  });

  it('names only npm scripts that exist', () => {
    const named = new Set([...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name));

    expect([...named].filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('lists the commands that there are, and no other', () => {
    const listed = tableRows(readme, 'command').map(([cell = '']) => /nightjar ([a-z-]+)/.exec(cell)?.[1]);

    expect(commands.length).toBeGreaterThan(3);
    expect(new Set(listed)).toEqual(new Set(commands));
    expect(listed).toHaveLength(commands.length);
  });

  it('shows a real excerpt of the demo: the words are those of the report', () => {
    for (const words of ['Where everything went', 'Why the rest did not go', 'Balance', 'It balances.'])
      expect(readme).toContain(words);
    const report = readText('src/cli/render-report.ts');
    for (const words of ['Where everything went', 'Why the rest did not go', 'Balance', 'It balances.'])
      expect(report).toContain(words);
  });
});

describe('.ci/run', () => {
  it("runs the README's test command", () => {
    expect(readText('.ci/run')).toContain(`'${TEST}'`);
    expect(existsSync(join(ROOT, 'src/setup.sh'))).toBe(true);
    expect(scripts['check']).toBe('sh .ci/check');
  });
});

describe('every command that a hint or a document names', () => {
  const texts = [
    ...sources(),
    ...['README.md', ...filesBelow('docs'), ...filesBelow('config'), ...filesBelow('systemd')].map(
      (path) => ({
        path,
        text: readText(path),
      }),
    ),
  ];

  it('exists', () => {
    const unknown = texts.flatMap(({ path, text }) =>
      [...text.matchAll(/[`'] ?nightjar ([a-z][a-z-]*)\b/g)]
        .map(([, name = '']) => name)
        .filter((name) => !commands.includes(name))
        .map((name) => `${path}: nightjar ${name}`),
    );

    expect(unknown).toEqual([]);
  });
});
