import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { systemCode } from '../core/errors.ts';
import type { Problem } from './problem.ts';
import { readYaml, type YamlSource } from './read-yaml.ts';

/** Two files of text: more than this is not one of ours. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** One file: its YAML, or why there is none. */
export type Source = {
  readonly source: YamlSource | undefined;
  /** As it was read; empty when it could not be. */
  readonly text: string;
  readonly problems: readonly Problem[];
  readonly missing: boolean;
};

/** Reads a file; what is wrong with it is in the answer, never thrown. */
export function readSource(file: string): Source {
  const refused = (message: string, missing = false): Source => ({
    source: undefined,
    text: '',
    problems: [{ file, line: 1, column: 1, path: [], key: '', message }],
    missing,
  });
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return refused('expected a file');
    if (stat.size > MAX_FILE_BYTES) return refused(`expected at most 4 MiB, found ${stat.size} bytes`);
    const bytes = readFileSync(file);
    return isUtf8(bytes)
      ? readText(file, bytes.toString('utf8'))
      : refused('expected text in UTF-8, found other bytes');
  } catch (error) {
    const code = systemCode(error) ?? String(error);
    return refused(
      code === 'ENOENT' ? 'expected a file, found none' : `cannot be read: ${code}`,
      code === 'ENOENT',
    );
  }
}

/** The same of a text that is at hand; `file` is what its places are called by. */
export function readText(file: string, text: string): Source {
  const result = readYaml(text);
  if ('value' in result) return { source: result, text, problems: [], missing: false };
  const problems = result.map((problem) => ({ ...problem, file, path: [], key: '' }));
  return { source: undefined, text, problems, missing: false };
}
