import { describe, expect, it } from 'vitest';
import { type Disposition, ERROR_CODES } from '../../src/core/errors.ts';
import { anchorOf, headingsOf, readText, sources } from './source-tree.ts';

/** How docs/errors.md says who acts next. */
const WHO: Readonly<Record<Disposition, string>> = {
  retry: 'the daemon (retry)',
  operator: 'a person (operator)',
  permanent: 'nobody (permanent)',
};
const PARTS = ['**Who acts next:** ', '**Meaning.** ', '**Likely cause.** ', '**What to do.** '];

const page = readText('docs/errors.md');
const codes = Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[];
const documented = headingsOf(page)
  .filter(({ level }) => level === 2)
  .map(({ words }) => words);

/** The text between a code's heading and the next one. */
function sectionOf(code: string): string {
  return (page.split(`\n## ${code}\n`)[1] ?? '').split('\n## ')[0] ?? '';
}

describe('docs/errors.md', () => {
  it('has a section for every code, in the order of the table, and for nothing else', () => {
    expect(documented).toEqual(codes);
  });

  it.each(codes.map((code) => [code]))('says of %s what the table says, and what to do', (code) => {
    const lines = sectionOf(code).split('\n');

    expect(lines).toContain(`**Who acts next:** ${WHO[ERROR_CODES[code]]}`);
    for (const part of PARTS) {
      const line = lines.find((one) => one.startsWith(part)) ?? '';
      expect(line.length - part.length, part).toBeGreaterThan(8);
    }
  });

  it('can be reached from the command line, which names the code in small letters as anchor', () => {
    for (const words of documented) expect(anchorOf(words)).toBe(words.toLowerCase());
  });
});

describe('every code', () => {
  // Places that only tell codes apart.
  const readers = ['src/core/errors.ts', 'src/delivery/decide.ts', 'src/cli/exit-code.ts'];
  const throwers = sources().filter(({ path }) => !readers.includes(path));

  it.each(codes.map((code) => [code]))('%s is thrown somewhere', (code) => {
    expect(throwers.some(({ text }) => text.includes(`'${code}'`))).toBe(true);
  });
});
