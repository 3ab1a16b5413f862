import type { Config } from '../config/config.ts';
import type { ConfigRequest } from '../config/find-files.ts';
import { type ConfigResult, configError, readConfig } from '../config/load-config.ts';
import { asIngestError, IngestError } from '../core/errors.ts';
import { acceptedMappingIn } from '../ledger/mappings.ts';
import { checkMapping } from './check-mapping.ts';
import { acceptedName } from './mapping-in-force.ts';

/**
 * The configuration; with a folders.yaml that cannot be used, the one with the mapping that was accepted last, which says
 * so in `refusedFolders`. Throws CONFIG_INVALID when there is none either, or something else is wrong.
 */
export function loadConfigInForce(request: ConfigRequest): Config {
  const result = readConfig(request);
  const error = problemOf(result);
  if (error === undefined && result.ok) return result.config;
  const { stateDir, files } = placesOf(result);
  const accepted = stateDir === undefined ? undefined : acceptedMappingIn(stateDir);
  if (error === undefined || files === undefined || accepted === undefined) throw error;
  const folders = { file: acceptedName({ files }, accepted.at), text: accepted.text };
  const before = readConfig({ ...request, folders });
  if (!before.ok) throw error;
  return { ...before.config, refusedFolders: inForceSince(error, accepted.at) };
}

function problemOf(result: ConfigResult): IngestError | undefined {
  if (!result.ok) return configError(result);
  try {
    checkMapping(result.config);
    return undefined;
  } catch (thrown) {
    return asIngestError(thrown, 'check the folder mapping');
  }
}

const placesOf = (result: ConfigResult): Partial<Pick<Config, 'stateDir' | 'files'>> =>
  result.ok ? result.config : (result.places ?? {});

function inForceSince({ message, hint, context }: IngestError, at: number): IngestError {
  const since = new Date(at).toISOString();
  return new IngestError('CONFIG_INVALID', message, {
    hint: `${hint} Until then the mapping accepted ${since} stays in force.`,
    context,
  });
}
