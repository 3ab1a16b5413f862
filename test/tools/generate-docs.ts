import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ConfigKind, schemaOf } from '../../src/config/json-schema.ts';
import { configPage } from './config-page.ts';
import { faultMatrixPage } from './fault-matrix-page.ts';

/** A file of the repository that is made from the code, by its path from the root. */
export type GeneratedFile = { readonly file: string; readonly content: () => string };

/** Everything that is generated: a new page is one more line. */
export const GENERATED: readonly GeneratedFile[] = [
  { file: 'config/nightjar.schema.json', content: () => jsonSchema('nightjar') },
  { file: 'config/folders.schema.json', content: () => jsonSchema('folders') },
  { file: 'config/control-file.schema.json', content: () => jsonSchema('control-file') },
  { file: 'config/recipe.schema.json', content: () => jsonSchema('recipe') },
  { file: 'docs/configuration.md', content: configPage },
  { file: 'docs/fault-matrix.md', content: faultMatrixPage },
];

const jsonSchema = (kind: ConfigKind): string => `${JSON.stringify(schemaOf(kind), null, 2)}\n`;

const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

/** The files whose content on disk is not what the code says now. */
export function staleFiles(files: readonly GeneratedFile[] = GENERATED): readonly string[] {
  return files.filter(({ file, content }) => readOrEmpty(pathOf(file)) !== content()).map(({ file }) => file);
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function main(check: boolean): number {
  const stale = staleFiles();
  if (check) {
    for (const file of stale) console.error(`${file} is stale: run \`npm run docs\` and commit it`);
    return stale.length === 0 ? 0 : 1;
  }
  for (const { file, content } of GENERATED) writeFileSync(pathOf(file), content());
  console.log(stale.length === 0 ? 'nothing to do' : `written: ${stale.join(', ')}`);
  return 0;
}

if (import.meta.main) process.exitCode = main(process.argv.includes('--check'));
