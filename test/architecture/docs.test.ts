import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-code.ts';
import { BATCH_STATES, canMove, FILE_STATES } from '../../src/core/states.ts';
import { SCHEMA_STEPS } from '../../src/ledger/schema.ts';
import { BUCKETS } from '../../src/nightly/judge.ts';
import {
  anchorOf,
  filesBelow,
  headingsOf,
  ROOT,
  readText,
  sources,
  tableRows,
  withoutCode,
} from './source-tree.ts';

const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...filesBelow('docs').filter((path) => path.endsWith('.md')),
];
const architecture = readText('docs/architecture.md');
const glossary = readText('docs/glossary.md');

describe('every link in the documents', () => {
  it('leads to a file, and to a heading in it', () => {
    expect(PAGES.flatMap((page) => brokenLinks(page, readText(page)))).toEqual([]);
  });

  it('is checked: a planted broken one is found', () => {
    const text = '[a](nowhere.md) [b](errors.md#no-such-code) [c](errors.md#usage) [d](https://example.org)';

    expect(brokenLinks('docs/x.md', text)).toEqual([
      'docs/x.md → nowhere.md',
      'docs/x.md → errors.md#no-such-code',
    ]);
  });
});

describe('docs/architecture.md', () => {
  it('names for each step files that exist and a function that is in one of them', () => {
    const steps = tableRows(architecture, '#');

    expect(steps.map(([number]) => number).filter((number) => !/[a-z]$/.test(number ?? ''))).toEqual(
      Array.from({ length: 12 }, (_, at) => String(at + 1)),
    );
    for (const [number, , files = '', functions = ''] of steps) {
      const text = codeWords(files)
        .map((file) => readText(`src/${file}`))
        .join('\n');
      for (const name of codeWords(functions)) {
        const made = new RegExp(`(function\\*? ${name}\\b|\\b${name}\\(|\\b${name}: )`);
        expect(made.test(text), `step ${number}: ${name}`).toBe(true);
      }
    }
  });

  it('has the moves of the state table', () => {
    const rows = tableRows(architecture, 'state');

    expect(rows.map(([state = '']) => codeWords(state)[0])).toEqual([...FILE_STATES]);
    for (const [state = '', next = ''] of rows) {
      const from = FILE_STATES.find((one) => `\`${one}\`` === state);
      expect(codeWords(next).sort(), state).toEqual(
        FILE_STATES.filter((to) => from !== undefined && canMove(from, to)).sort(),
      );
    }
    expect(BATCH_STATES.length).toBeLessThan(rows.length);
  });

  it('has the tables of the ledger', () => {
    const tables = [...SCHEMA_STEPS.join('\n').matchAll(/CREATE TABLE (\w+)/g)].map(([, name]) => name);

    const told = tableRows(architecture, 'table').map(([name = '']) => codeWords(name)[0]);
    expect(told).toHaveLength(tables.length);
    expect(new Set(told)).toEqual(new Set(tables));
  });
});

describe('docs/operations.md', () => {
  it('has every exit code under its name', () => {
    const rows = tableRows(readText('docs/operations.md'), 'code');

    expect(rows.map(([code, name = '']) => [Number(code), codeWords(name)[0]])).toEqual(
      Object.entries(EXIT).map(([name, code]) => [code, name]),
    );
    for (const [, , meaning = ''] of rows) expect(meaning.length).toBeGreaterThan(10);
  });
});

describe('docs/glossary.md', () => {
  it('has the ladder of a file, step by step', () => {
    expect(tableRows(glossary, 'state').map(([state = '']) => codeWords(state)[0])).toEqual([...FILE_STATES]);
  });

  it('has every bucket of a run', () => {
    for (const bucket of BUCKETS) {
      const words = bucket.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
      expect(glossary).toContain(`_${words}_`);
    }
  });

  it('has each word once, and no word that it forbids elsewhere', () => {
    const words = tableRows(glossary, 'word').map(([word]) => word ?? '');

    expect(words.filter((word, at) => words.indexOf(word) !== at)).toEqual([]);
    for (const needed of [
      'share',
      'owner',
      'collector',
      'run',
      'batch',
      'manifest',
      'parcel',
      'receipt',
      'ledger',
    ])
      expect(words).toContain(needed);
  });

  it('forbids words that no heading and no help text uses', () => {
    const forbidden = /\b(cooldown|bundles?|chunks?|sweeps?|transfers?|dead.letters?|uploads? jobs?)\b/i;
    const headings = PAGES.flatMap((page) =>
      headingsOf(readText(page)).map(({ words }) => `${page}: ${words}`),
    );
    const help = sources()
      .filter(({ path }) => path.startsWith('src/cli/'))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\.(?:description|option|argument|addHelpText)\(([\s\S]*?)\n? {4}[.)]/g)].map(
          ([, words]) => `${path}: ${words}`,
        ),
      );

    expect(help.length).toBeGreaterThan(3);
    expect([...headings, ...help].filter((one) => forbidden.test(one))).toEqual([]);
  });
});

describe('docs/decisions/', () => {
  const decisions = PAGES.filter((path) => path.startsWith('docs/decisions/'));

  it.each(decisions.map((path) => [path]))('%s has a number, a date, a status and three parts', (path) => {
    const text = readText(path);
    const number = path.slice('docs/decisions/'.length).slice(0, 4);

    expect(text.split('\n')[0]).toMatch(new RegExp(`^# ${number} \\S`));
    expect(text).toMatch(/^Date: \d{4}-\d{2}-\d{2} · Status: (accepted|superseded by \d{4})$/m);
    expect(
      headingsOf(text)
        .map(({ words }) => words)
        .slice(1),
    ).toEqual(['Context', 'Decision', 'Consequences']);
    expect(text.split('\n').length).toBeLessThan(60);
  });
});

/** The words of a cell that are set as code. */
function codeWords(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
}

function brokenLinks(page: string, text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links
    .filter((link) => !/^(https?|mailto):/.test(link) && !isThere(page, text, link))
    .map((link) => `${page} → ${link}`);
}

function isThere(page: string, text: string, link: string): boolean {
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : normalize(`${dirname(page)}/${file}`);
  if (file !== '' && !existsSync(join(ROOT, target))) return false;
  if (anchor === undefined) return true;
  const headings = headingsOf(file === '' ? text : readText(target));
  return headings.some(({ words }) => anchorOf(words) === anchor);
}
