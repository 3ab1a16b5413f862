import type { IngestError } from '../core/errors.ts';
import type { MappingChange } from './compare-mappings.ts';
import { type FileStanding, refusalOf } from './mapping-in-force.ts';
import type { Workspace } from './workspace.ts';

/** What became of a changed folders.yaml. */
export type MappingEvent =
  | { readonly name: 'mapping.taken-over'; readonly change: MappingChange }
  | { readonly name: 'mapping.refused'; readonly error: IngestError };

/** Tells of a folders.yaml that was taken over, or is not in force, and why. */
export function tellOfMapping(
  standing: FileStanding,
  { config }: Pick<Workspace, 'config'>,
  emit: (event: MappingEvent) => void,
): void {
  const error = refusalOf(standing, config);
  if (error !== undefined) emit({ name: 'mapping.refused', error });
  else if (standing.kind === 'harmless' && !standing.isFirst)
    emit({ name: 'mapping.taken-over', change: standing.change });
}
