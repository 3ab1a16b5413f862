/** The raw files of an upload on a real disk, changed the way each generation changes them. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from './answers.ts';
import type { Generation } from './model.ts';

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
  if (target.startsWith('/') || target.includes('//') || (generation === 'v1.4' && target.includes('\n')))
    throw bad;
  let depth = 0;
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (generation === 'v1.4' && depth < 0) throw bad;
  }
  if (depth < 0) throw bad;
}

/** One file or directory of an archive. */
export type Member = {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly extract: (target: string) => Promise<void>;
};

export type Merging = {
  readonly raw: string;
  readonly target: string;
  /** So many members, then nothing more: what a process leaves that dies in the middle. */
  readonly stopAfter?: number | undefined;
};

/**
 * v1.3 unpacks all into a temp dir and then moves file by file, in whatever order the disk lists them: what clashes does
 * not keep the rest out. v1.4 takes member by member by name straight into place and ends at the first that clashes.
 */
export async function merge(
  generation: Generation,
  members: readonly Member[],
  merging: Merging,
): Promise<void> {
  if (generation === 'v1.3') return await mergeByTempDir(members, merging);
  const sorted = [...members].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const member of sorted.slice(0, merging.stopAfter)) {
    const name = path.join(merging.target, neutral(member.name));
    if (await isClash(merging.raw, name, member.isDirectory)) throw clash(generation, name);
    await extractTo(member, path.join(merging.raw, name));
  }
}

async function mergeByTempDir(
  members: readonly Member[],
  { raw, target, stopAfter }: Merging,
): Promise<void> {
  const scratch = path.join(path.dirname(raw), `unzip-${randomUUID()}`);
  const clashes: string[] = [];
  try {
    for (const member of members) await extractTo(member, path.join(scratch, neutral(member.name)));
    for (const { name: own, isDirectory } of members.slice(0, stopAfter)) {
      const name = path.join(target, neutral(own));
      if (await isClash(raw, name, isDirectory)) clashes.push(name);
      else if (isDirectory) await mkdir(path.join(raw, name), { recursive: true });
      else await moveFile(path.join(scratch, neutral(own)), path.join(raw, name));
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  if (clashes[0] !== undefined) throw clash('v1.3', clashes[0]);
}

async function extractTo({ isDirectory, extract }: Member, target: string): Promise<void> {
  if (isDirectory) await mkdir(target, { recursive: true });
  else await extract(target);
}

/** `../` and absolute names inside a zip become plain names (recorded: contract §3, Merge). */
const neutral = (name: string): string =>
  name
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');

const clash = (generation: Generation, name: string): Error =>
  new Error(
    `${generation === 'v1.3' ? 'AssertionError' : 'ValueError'}: Cannot merge a file with a directory or vice versa: ${name}${generation === 'v1.3' ? '' : '.'}`,
  );

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

export async function putFile(
  generation: Generation,
  raw: string,
  name: string,
  source: string,
): Promise<void> {
  if (await isClash(raw, name, false)) throw clash(generation, name);
  await moveFile(source, path.join(raw, name));
}

async function moveFile(source: string, destination: string): Promise<void> {
  await mkdir(path.dirname(destination), { recursive: true });
  await rename(source, destination);
}
