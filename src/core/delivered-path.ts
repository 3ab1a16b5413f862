import type { PlannedFile } from './model.ts';
import type { SharePath } from './share-path.ts';

/** Where a file goes below its batch's target directory: its path on the share, or the safe one it was given. */
export function deliveredPath({ path, as }: Pick<PlannedFile, 'path' | 'as'>): SharePath {
  return as ?? path;
}
