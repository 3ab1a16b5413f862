/** What becomes of a received file: which are unpacked, by which rule. Facts: nomad/common.py (both generations). */
import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from './answers.ts';
import type { Generation, Visit } from './model.ts';
import { type Member, type Merging, merge, putFile } from './raw-files.ts';
import type { Part } from './receive.ts';
import { readTar } from './tar.ts';
import { extractEntry, readZip } from './zip.ts';

export type Format = 'zip' | 'tar' | 'file' | 'error';

const ZIP_NAME = /\.(?:zip|eln)$/i;
const TAR_NAME = /\.(?:tar|tgz|gz|tar\.gz|tar\.bz2)$/i;
export const BAD_ARCHIVE = 'Cannot extract file. Bad file format or file extension?';
const NO_NAME = 'No file name provided, and the file does not look like a zip or tar file.';

/** v1.4 only, and true unless told otherwise: false keeps an archive as the file it is. */
export const unpacks = (visit: Visit, isOld: boolean): boolean =>
  isOld || visit.seen.query.get('auto_decompress') !== 'false';

/** A streamed body without name is named by its content, and refused when it is neither zip nor tar (recorded). */
export async function named(part: Part): Promise<Part & { readonly name: string }> {
  if (part.name !== undefined) return { ...part, name: part.name };
  if ((await readZip(part.file)) !== undefined) return { ...part, name: 'NO NAME.zip' };
  if ((await readTar(part.file)) !== undefined) return { ...part, name: 'NO NAME.tar' };
  throw new Refusal(400, NO_NAME);
}

/** By extension alone; a file that only looks like an archive stays whole, one that only is called so is an error. */
export async function formatOf(part: Part & { readonly name: string }, unpack: boolean): Promise<Format> {
  const name = path.basename(part.name);
  if (!unpack) return 'file';
  if (ZIP_NAME.test(name)) return (await readZip(part.file)) === undefined ? 'error' : 'zip';
  if (TAR_NAME.test(name)) return (await readTar(part.file)) === undefined ? 'error' : 'tar';
  return 'file';
}

/** A received file as it comes into the upload: unpacked, or whole. Throws in the platform's words. */
export async function addFile(
  generation: Generation,
  part: Part & { readonly name: string },
  unpack: boolean,
  merging: Merging,
): Promise<void> {
  const format = await formatOf(part, unpack);
  if (format === 'file')
    return await putFile(
      generation,
      merging.raw,
      path.join(merging.target, path.basename(part.name)),
      part.file,
    );
  // v1.3: the recording; v1.4: add_rawfiles in nomad/files.py.
  if (format === 'error')
    throw new Error(generation === 'v1.3' ? `AssertionError: ${BAD_ARCHIVE}` : 'ValueError: Bad archive.');
  if (format === 'tar') return await merge(generation, await tarMembers(part.file), merging);
  await using zip = await open(part.file, 'r');
  const members = (await readZip(part.file)) ?? [];
  await merge(
    generation,
    members.map((entry): Member => ({ ...entry, extract: async (to) => await extractEntry(zip, entry, to) })),
    merging,
  );
}

async function tarMembers(file: string): Promise<Member[]> {
  return ((await readTar(file)) ?? []).map(({ name, isDirectory, data }) => ({
    name,
    isDirectory,
    extract: async (to) => {
      await mkdir(path.dirname(to), { recursive: true });
      await writeFile(to, data);
    },
  }));
}
