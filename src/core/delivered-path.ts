import type { PlannedFile } from './model.ts';
import { nameOf, parentOf, type SharePath } from './share-path.ts';

/** Where a file goes below its batch's target directory: its path on the share, or the safe one it was given. */
export function deliveredPath({ path, as }: Pick<PlannedFile, 'path' | 'as'>): SharePath {
  return as ?? path;
}

/** The same as the directory of the container that it lies in, and its name there. */
export function deliveredPlace(
  file: Pick<PlannedFile, 'path' | 'as'>,
  targetDir: string,
): { readonly dir: string; readonly name: string } {
  const path = deliveredPath(file);
  const parent = parentOf(path);
  return { dir: parent === '' ? targetDir : `${targetDir}/${parent}`, name: nameOf(path) };
}
