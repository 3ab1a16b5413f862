import { IngestError } from '../core/errors.ts';
import { buildConfig } from './build-config.ts';
import type { Config } from './config.ts';
import { crossCheck } from './cross-check.ts';
import { type Decoded, decode } from './decode.ts';
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
import { nightjarSchema } from './nightjar-schema.ts';
import { outline } from './outline.ts';
import { type Finding, formatKey, formatProblem, type Problem } from './problem.ts';
import { valueAt } from './raw-value.ts';
import { readSource, readText, type Source } from './read-source.ts';
import type { YamlSource } from './read-yaml.ts';

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
  const written = besideFile(file, typeof named === 'string' && named !== '' ? named : 'folders.yaml');
  const { file: foldersFile, folders } = readFolders(request.folders ?? { file: written });
  const stateDir = stateDirOf(valueAt(raw, ['state_dir']), request);
  const places = { stateDir, files: { nightjar: file, folders: written } };

  const main = checkAgainst(nightjarSchema, schemaOf('nightjar'), nightjar.source);
  const mapping = checkAgainst(foldersSchema, schemaOf('folders'), folders.source);
  const crossed = crossCheck(outline(raw, folders.source?.value, stateDir));
  const problems = [
    ...problemsOf(file, nightjar, [...findingsOf(main), ...crossed.nightjar]),
    ...problemsOf(foldersFile, folders, [...findingsOf(mapping), ...crossed.folders]),
  ];
  if (problems.length > 0 || !main?.ok || !mapping?.ok) return { ok: false, problems, hint: MEND, places };

  const config = buildConfig(main.value, mapping.value, {
    ...places,
    credentialsDir: credentialsDirOf(main.value.credentials.dir, file, request.env),
    folders: { file: foldersFile, text: folders.text },
    lineOfRule: (index) => folders.source?.positionOf(['rules', index]).line ?? 1,
  });
  return { ok: true, config };
}

function readFolders({ file, text }: FoldersSource): { file: string; folders: Source } {
  return { file, folders: text === undefined ? readSource(file) : readText(file, text) };
}

function checkAgainst<T>(
  schema: Parameters<typeof decode<T>>[0],
  json: Parameters<typeof decode<T>>[1],
  source: YamlSource | undefined,
): Decoded<T> | undefined {
  return source === undefined ? undefined : decode(schema, json, source.value);
}

const findingsOf = (decoded: Decoded<unknown> | undefined): readonly Finding[] =>
  decoded === undefined || decoded.ok ? [] : decoded.findings;

/** What the reader said, and the findings with their places, in the order in which they stand in the file. */
function problemsOf(file: string, { source, problems }: Source, findings: readonly Finding[]): Problem[] {
  const located = findings.map((finding) => ({
    ...finding,
    file,
    key: formatKey(finding.path),
    ...(source?.positionOf(finding.path, finding.onKey) ?? { line: 1, column: 1 }),
  }));
  return [...problems, ...located.sort((one, other) => one.line - other.line || one.column - other.column)];
}
