import { IngestError } from '../core/errors.ts';
import { buildConfig } from './build-config.ts';
import type { Config } from './config.ts';
import { crossCheck } from './cross-check.ts';
import {
  besideFile,
  type ConfigRequest,
  credentialsDirOf,
  type FoldersSource,
  findConfigFile,
  stateDirOf,
} from './find-files.ts';
import { foldersSchema } from './folders-schema.ts';
import { schemaOf } from './json-schema.ts';
import { checkAgainst, findingsOf, problemsOf } from './locate-problems.ts';
import { nightjarSchema } from './nightjar-schema.ts';
import { type Outline, outline } from './outline.ts';
import { formatProblem, type Problem } from './problem.ts';
import { valueAt } from './raw-value.ts';
import { readRecipes } from './read-recipes.ts';
import { readSource, readText, type Source } from './read-source.ts';

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      readonly hint: string;
      /** As far as they could be found out. */
      readonly places?: Pick<Config, 'stateDir' | 'files'>;
    };

const MEND =
  'Mend the lines named, then run `nightjar check`. Every key is described in docs/configuration.md.';
const MISSING =
  'Run `nightjar init` to write a commented start, or name your file with --config or $NIGHTJAR_CONFIG.';

/** The configuration, or CONFIG_INVALID with every problem (one line each in `context.problems`). */
export function loadConfig(request: ConfigRequest): Config {
  const result = readConfig(request);
  if (result.ok) return result.config;
  throw configError(result);
}

/** CONFIG_INVALID with every problem. */
export function configError(result: Extract<ConfigResult, { ok: false }>): IngestError {
  const problems = result.problems.map(formatProblem);
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new IngestError('CONFIG_INVALID', `the configuration has ${count}:\n${problems.join('\n')}`, {
    hint: result.hint,
    context: { problems },
  });
}

/** Reads both files and reports everything that is wrong with them at once; does not throw for what they say. */
export function readConfig(request: ConfigRequest): ConfigResult {
  const file = findConfigFile(request);
  const nightjar = readSource(file);
  if (nightjar.missing) return { ok: false, problems: nightjar.problems, hint: MISSING };
  const raw = nightjar.source?.value;
  const named = valueAt(raw, ['folders']);
  const foldersWritten = besideFile(file, typeof named === 'string' && named !== '' ? named : 'folders.yaml');
  const { file: foldersFile, folders } = readFolders(request.folders ?? { file: foldersWritten });
  const stateDir = stateDirOf(valueAt(raw, ['state_dir']), request);
  const places = { stateDir, files: { nightjar: file, folders: foldersWritten } };

  const main = checkAgainst(nightjarSchema, () => schemaOf('nightjar'), nightjar);
  const mapping = checkAgainst(foldersSchema, () => schemaOf('folders'), folders);
  const written = outline(raw, folders.source?.value, stateDir);
  const recipes = readRecipes(recipesIn(written), recipesDir(raw, file));
  const crossed = crossCheck(written, recipes);
  const problems = [
    ...problemsOf(file, nightjar, [...findingsOf(main), ...recipes.findings, ...crossed.nightjar]),
    ...problemsOf(foldersFile, folders, [...findingsOf(mapping), ...crossed.folders]),
    ...recipes.problems,
  ];
  if (problems.length > 0 || !main?.ok || !mapping?.ok) return { ok: false, problems, hint: MEND, places };

  const config = buildConfig(main.value, mapping.value, {
    ...places,
    credentialsDir: credentialsDirOf(main.value.credentials.dir, file, request.env),
    folders: { file: foldersFile, text: folders.text },
    recipes: recipes.byName,
    lineOfRule: (index) => folders.source?.positionOf(['rules', index]).line ?? 1,
  });
  return { ok: true, config };
}

const recipesIn = ({ rules }: Outline): Set<string> =>
  new Set(rules.map(({ recipe }) => recipe).filter((name) => name !== undefined));

/** The site's own directory of recipes, beside nightjar.yaml unless the path is absolute. */
function recipesDir(raw: unknown, file: string): string | undefined {
  const dir = valueAt(raw, ['recipes']);
  return typeof dir === 'string' && dir !== '' ? besideFile(file, dir) : undefined;
}

function readFolders({ file, text }: FoldersSource): { file: string; folders: Source } {
  return { file, folders: text === undefined ? readSource(file) : readText(file, text) };
}
