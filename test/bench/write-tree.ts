import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Equal files; `dirs` a thousand a directory, so that a tree looks like an instrument's. */
export type Tree = { readonly name: string; readonly files: number; readonly bytes: number };

const MIB = 1024 * 1024;
const FILES_A_DIR = 1000;

/** Writes the files below `root`, each with content of its own. */
export function writeTree(root: string, tree: Tree): void {
  const block = Buffer.alloc(Math.min(tree.bytes, MIB));
  for (let index = 0; index < tree.files; index++) {
    const dir = join(root, `dir-${Math.floor(index / FILES_A_DIR)}`);
    if (index % FILES_A_DIR === 0) mkdirSync(dir, { recursive: true });
    createHash('sha256').update(String(index)).digest().copy(block);
    const fd = openSync(join(dir, `file-${index}.dat`), 'w');
    for (let left = tree.bytes; left > 0; left -= block.length)
      writeSync(fd, block, 0, Math.min(left, block.length));
    closeSync(fd);
  }
}
