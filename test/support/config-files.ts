import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigResult, readConfig } from '../../src/config/load-config.ts';
import { formatProblem, type Problem } from '../../src/config/problem.ts';

/** A whole, valid pair of files; a test replaces what it is about. */
export const GOOD_NIGHTJAR = `
state_dir: /var/lib/nightjar
shares:
  lab: { root: /mnt/lab }
destinations:
  archive: { kind: directory, root: /srv/archive }
`;
export const GOOD_FOLDERS = `
rules:
  - match: "{instrument}/{owner}/**"
owners:
  ada: {}
`;

export type ConfigFiles = {
  readonly dir: string;
  readonly file: string;
  readonly [Symbol.dispose]: () => void;
};

/** Both files in a directory of their own; `undefined` leaves a file out. */
export function configFiles(
  nightjar: string | Buffer,
  folders: string | undefined = GOOD_FOLDERS,
): ConfigFiles {
  const dir = mkdtempSync(join(tmpdir(), 'nightjar-config-'));
  const file = join(dir, 'nightjar.yaml');
  writeFileSync(file, nightjar);
  if (folders !== undefined) writeFileSync(join(dir, 'folders.yaml'), folders);
  return { dir, file, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Reads two texts as the configuration, with nothing in the environment. */
export function readTexts(nightjar: string | Buffer, folders?: string): ConfigResult {
  using files = configFiles(nightjar, folders);
  return readConfig({ file: files.file, env: {}, home: '/home/lab' });
}

/** The problems of two texts, one line each, the directory left out. */
export function problemLines(nightjar: string | Buffer, folders?: string): string[] {
  return problemsOf(nightjar, folders).map((problem) =>
    formatProblem({ ...problem, file: problem.file.slice(problem.file.lastIndexOf('/') + 1) }),
  );
}

export function problemsOf(nightjar: string | Buffer, folders?: string): readonly Problem[] {
  const result = readTexts(nightjar, folders);
  return result.ok ? [] : result.problems;
}
