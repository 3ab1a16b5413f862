import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { inDir } from './dir-walk.ts';

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/** Writes one small file of our own so that its name holds the old or the new text at any moment; flushed to disk. */
export async function writeDurably(dir: FileHandle, name: string, text: string): Promise<void> {
  const beside = inDir(dir, `.${name}.new`);
  const handle = await open(beside, NEW, 0o640);
  try {
    await handle.writeFile(text);
    await handle.chmod(0o640);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, inDir(dir, name));
  await dir.sync();
}
