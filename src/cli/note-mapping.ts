import { refusalOf } from '../app/mapping-in-force.ts';
import type { Workspace } from '../app/workspace.ts';
import { plainText } from '../core/plain-output.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { style } from './style.ts';

/** Says, beside an answer for a person, that it goes by the accepted mapping and not by folders.yaml as it is now. */
export function noteMapping(
  { err }: Pick<CliContext, 'err'>,
  { json }: GlobalOptions,
  { mapping, config }: Pick<Workspace, 'mapping' | 'config'>,
): void {
  const refused = refusalOf(mapping.standing(), config);
  if (refused === undefined || json === true) return;
  const note = `folders.yaml as it is now is not in force; this goes by the mapping accepted before.`;
  err.write(
    plainText(`${style(err, 'yellow', note)}\n  ${refused.code}: ${refused.message}\n  ${refused.hint}\n\n`),
  );
}
