import { readdirSync } from 'node:fs';
import { isAscii } from '../core/listing.ts';
import { errnoName } from './errno.ts';

export type Names = { readonly names: readonly string[] } | { readonly error: string };

/** The names in a directory ('' = the root), unsorted; throws the system's error. */
export function readNames(dir: string): string[] {
  return readdirSync(dir === '' ? '.' : syscallPath(dir), 'latin1');
}

/** The names as `read` reads them, with the errno name when the directory cannot be listed. */
export function tryNames(dir: string, read: (dir: string) => readonly string[] = readNames): Names {
  try {
    return { names: read(dir) };
  } catch (error) {
    return { error: errnoName(error) ?? rethrow(error) };
  }
}

/** As a string where that is the same bytes (faster), else as bytes. */
export function syscallPath(raw: string): string | Buffer {
  return isAscii(raw) ? raw : Buffer.from(raw, 'latin1');
}

/** What failed was no system call but the program: that is never noted as a fact about the share. */
export function rethrow(error: unknown): never {
  throw error;
}
