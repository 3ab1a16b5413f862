import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../core/errors.ts';

/** Bytes free to us where `dir` is, or would be made; undefined for a file system that does not count. */
export async function freeSpace(dir: string): Promise<number | undefined> {
  try {
    const { bavail, bsize, blocks } = await statfs(dir);
    return blocks === 0 ? undefined : bavail * bsize;
  } catch (error) {
    const above = dirname(dir);
    if (systemCode(error) !== 'ENOENT' || above === dir) return undefined;
    return freeSpace(above);
  }
}
