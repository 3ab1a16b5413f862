import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Every regular file below a directory by its '/'-separated path; empty when the directory is missing. */
export async function readTree(root: string): Promise<ReadonlyMap<string, Buffer>> {
  const tree = new Map<string, Buffer>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) tree.set(relative(root, path), await readFile(path));
  }
  return tree;
}
