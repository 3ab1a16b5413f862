import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A text file of the checkout, by its path from the root. */
export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Every file below a folder of the checkout, as paths from the root, sorted. */
export function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .sort();
}

/** One source file: its path from the root and its text. A test may make one up. */
export type Source = { readonly path: string; readonly text: string };

/** All TypeScript files below `src/`. */
export function sources(): Source[] {
  return filesBelow('src')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readText(path) }));
}

export type Import = { readonly from: string; readonly typeOnly: boolean };

// A clause between `import` and `from` has no quote, semicolon, `=` or bracket: code that only mentions "from" has.
const STATIC = /^(?:import|export)\b([^;'"=()]*?)\bfrom\s+['"]([^'"]+)['"]/gm;
const BARE = /^import\s+['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]/g;

/** What a file imports and re-exports, type-only or not. */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const [, clause = '', from = ''] of text.matchAll(STATIC))
    found.push({ from, typeOnly: /^\s*type\b/.test(clause) });
  for (const [, from = ''] of [...text.matchAll(BARE), ...text.matchAll(DYNAMIC)])
    found.push({ from, typeOnly: false });
  return found;
}

/** The rows of the Markdown table whose head begins with `firstHead`, cells trimmed; throws when there is none. */
export function tableRows(markdown: string, firstHead: string): string[][] {
  const lines = markdown.split('\n');
  const at = lines.findIndex((line) => cellsOf(line)[0] === firstHead);
  if (at < 0) throw new Error(`no table with the head "${firstHead}"`);
  const rows: string[][] = [];
  for (const line of lines.slice(at + 2)) {
    if (!line.startsWith('|')) break;
    rows.push(cellsOf(line));
  }
  return rows;
}

function cellsOf(line: string): string[] {
  if (!line.startsWith('|')) return [];
  return line
    .trim()
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

/** The headings of a Markdown text: level and words, code blocks left out. */
export function headingsOf(markdown: string): { readonly level: number; readonly words: string }[] {
  return [...withoutCode(markdown).matchAll(/^(#{1,6}) (.+)$/gm)].map(([, marks = '', words = '']) => ({
    level: marks.length,
    words,
  }));
}

/** The anchor GitHub gives a heading. */
export const anchorOf = (words: string): string =>
  words
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
    .replaceAll(' ', '-');

/** A Markdown text without its fenced blocks. */
export const withoutCode = (markdown: string): string => markdown.replaceAll(/^```[\s\S]*?^```$/gm, '');
