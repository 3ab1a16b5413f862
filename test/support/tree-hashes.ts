import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** SHA-256 by path (relative) of every file below a directory; empty when there is none. */
export async function treeHashes(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    found.set(
      file.slice(root.length + 1),
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
    );
  }
  return found;
}

/** The same tree one or more directories further down. */
export function below(prefix: string, tree: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...tree].map(([path, hash]) => [`${prefix}/${path}`, hash]));
}
