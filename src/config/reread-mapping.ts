import type { Config, MappingConfig } from './config.ts';
import type { FoldersSource } from './find-files.ts';
import { readConfig } from './load-config.ts';
import { formatProblem } from './problem.ts';

export type MappingResult =
  | { readonly ok: true; readonly mapping: MappingConfig }
  | { readonly ok: false; readonly problems: readonly string[]; readonly hint: string };

/**
 * Reads a folder mapping for the configuration that is in force: another file, the same one after a change, or a text
 * of earlier. Does not throw for what is wrong with it.
 */
export function rereadMapping(config: Config, folders: FoldersSource): MappingResult {
  const result = readConfig({
    file: config.files.nightjar,
    // The places were settled when the configuration was read; here they only serve the checks.
    env: { STATE_DIRECTORY: config.stateDir },
    home: '/',
    folders,
  });
  if (!result.ok) return { ok: false, problems: result.problems.map(formatProblem), hint: result.hint };
  const { mapping, destinations } = result.config;
  const known = config.destinations.map(({ name }) => name);
  const added = destinations.map(({ name }) => name).filter((name) => !known.includes(name));
  if (added.length === 0) return { ok: true, mapping };
  const problem = `${config.files.nightjar}: destination ${added.join(', ')} came after the start`;
  return { ok: false, problems: [problem], hint: 'Restart Nightjar: nightjar.yaml is read at the start.' };
}
