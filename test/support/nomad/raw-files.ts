/** The raw files of an upload on a real disk, changed the way each generation changes them. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from './answers.ts';
import type { Generation } from './model.ts';
import { extractEntry, type ZipEntry } from './zip.ts';

export type Found = { readonly bytes: number; readonly isFile: boolean };

/** Every path below `dir` ('/'-separated, sorted) with its size; a directory has the sum of what is below it. */
export async function walk(dir: string, below = ''): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  const entries = await readdir(path.join(dir, below), { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (!entry.isDirectory()) {
      found.set(name, { bytes: (await stat(path.join(dir, name))).size, isFile: true });
      continue;
    }
    const inner = await walk(dir, name);
    const bytes = [...inner.values()].reduce((sum, one) => sum + (one.isFile ? one.bytes : 0), 0);
    found.set(name, { bytes, isFile: false });
    for (const [innerName, one] of inner) found.set(innerName, one);
  }
  return found;
}

export const statOf = async (target: string): Promise<Found | undefined> =>
  await stat(target).then(
    (one) => ({ bytes: one.size, isFile: !one.isDirectory() }),
    () => undefined,
  );

/**
 * v1.3 (nomad/files.py, nomad/common.py) looks at the final depth only, so `../a` passes and lands outside `raw/`;
 * v1.4 counts step by step. Both refuse absolute and doubled separators.
 */
export function checkPath(generation: Generation, target: string): void {
  const bad = new Refusal(400, 'Bad path provided.');
  if (target.startsWith('/') || target.includes('//')) throw bad;
  let depth = 0;
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (generation === 'v1.4' && depth < 0) throw bad;
  }
  if (depth < 0) throw bad;
}

/** Unpacks and merges. v1.3: all into a temp dir, then file by file. v1.4: member by member straight into place. */
export async function mergeZip(
  generation: Generation,
  zip: string,
  entries: readonly ZipEntry[],
  place: { readonly raw: string; readonly target: string },
): Promise<void> {
  await using handle = await open(zip, 'r');
  const scratch = path.join(path.dirname(place.raw), `unzip-${randomUUID()}`);
  const clashes: string[] = [];
  try {
    if (generation === 'v1.3') {
      for (const entry of entries) await extractTo(handle, entry, path.join(scratch, neutral(entry.name)));
    }
    for (const entry of entries) {
      const name = path.join(place.target, neutral(entry.name));
      const destination = path.join(place.raw, name);
      if (await isClash(place.raw, name, entry.isDirectory)) clashes.push(name);
      else if (entry.isDirectory) await mkdir(destination, { recursive: true });
      else if (generation === 'v1.3') await moveFile(path.join(scratch, neutral(entry.name)), destination);
      else await extractEntry(handle, entry, destination);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  if (clashes.length > 0) throw clash(clashes[0] ?? '');
}

async function extractTo(zip: FileHandle, entry: ZipEntry, target: string): Promise<void> {
  if (entry.isDirectory) await mkdir(target, { recursive: true });
  else await extractEntry(zip, entry, target);
}

/** `../` and absolute names inside a zip become plain names (recorded: contract §3, Merge). */
const neutral = (name: string): string =>
  name
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');

const clash = (name: string): Error =>
  new Error(`AssertionError: Cannot merge a file with a directory or vice versa: ${name}`);

/** True when a directory is to become a file, or a file a directory, anywhere along `name`. */
async function isClash(raw: string, name: string, isDirectory: boolean): Promise<boolean> {
  const parts = name.split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    const there = await statOf(path.join(raw, ...parts.slice(0, depth)));
    if (there === undefined) return false;
    const wantsFile = depth === parts.length && !isDirectory;
    if (there.isFile !== wantsFile) return true;
  }
  return false;
}

export async function putFile(raw: string, name: string, source: string): Promise<void> {
  if (await isClash(raw, name, false)) throw clash(name);
  await moveFile(source, path.join(raw, name));
}

async function moveFile(source: string, destination: string): Promise<void> {
  await mkdir(path.dirname(destination), { recursive: true });
  await rename(source, destination);
}
