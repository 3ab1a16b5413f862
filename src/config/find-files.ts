import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

export type ConfigRequest = {
  /** What `--config` says; without it the usual places are looked at. */
  readonly file?: string | undefined;
  readonly env: Environment;
  /** The home directory, for the default state directory. */
  readonly home: string;
  /** Another folder mapping than the one that `file` names. */
  readonly folders?: FoldersSource;
};

/** A folder mapping in a file, or as it once was: then `text` is it, and `file` is how places in it are called. */
export type FoldersSource = { readonly file: string; readonly text?: string };

const SYSTEM_FILE = '/etc/nightjar/nightjar.yaml';

/** `--config`, else $NIGHTJAR_CONFIG, else ./nightjar.yaml if there is one, else the system's. */
export function findConfigFile(request: ConfigRequest): string {
  const named = request.file ?? request.env['NIGHTJAR_CONFIG'];
  if (named !== undefined && named !== '') return resolve(named);
  const here = resolve('nightjar.yaml');
  return statSync(here, { throwIfNoEntry: false }) === undefined ? SYSTEM_FILE : here;
}

/** A path written in `file`, as an absolute one. */
export const besideFile = (file: string, path: string): string => resolve(file, '..', path);

/**
 * The state directory: `given` in the file, else systemd's, else the home's. systemd gives a list joined by ':' when
 * a unit has several; the first is ours.
 */
export function stateDirOf(given: unknown, request: ConfigRequest): string {
  if (typeof given === 'string' && given.startsWith('/')) return resolve(given);
  const fromSystemd = request.env['STATE_DIRECTORY']?.split(':')[0];
  if (fromSystemd !== undefined && fromSystemd !== '') return resolve(fromSystemd);
  return join(request.home, '.local/state/nightjar');
}

/** The directory of the tokens: `given` in the file, else systemd's, else `tokens` beside the file. */
export function credentialsDirOf(given: string | undefined, file: string, env: Environment): string {
  const fromSystemd = env['CREDENTIALS_DIRECTORY'];
  if (given === undefined && fromSystemd !== undefined && fromSystemd !== '') return fromSystemd;
  return besideFile(file, given ?? 'tokens');
}
