import type { Content } from '../../core/content.ts';
import { deliveredPath } from '../../core/delivered-path.ts';
import { drawOrder } from '../../core/draw.ts';
import { IngestError } from '../../core/errors.ts';
import type { PlannedFile } from '../../core/model.ts';
import { nameOf, parentOf, printable } from '../../core/share-path.ts';
import { formatBytes } from '../../core/units.ts';
import type { Call, RemoteContainer } from '../destination.ts';
import type { Connection } from './connection.ts';
import type { NomadOptions } from './options.ts';
import { rawDirPages } from './raw-dir.ts';
import { sampleOf, wrongHashes } from './read-hashes.ts';
import { tokenFacts } from './token.ts';

const allOf = (files: number): string => (files === 1 ? 'its one file' : `all ${files} files`);

/** True for a credential that reading is worth a try with: an upload token never may. */
export function mayRead({ token }: Call): boolean {
  return token !== undefined && tokenFacts(token).kind !== 'upload';
}

/** What was read back of a batch. `how` says exactly what; `wrong` names the files that are not there as sent. */
export type ReadBack = {
  readonly evidence: 'confirmed' | 'verified';
  readonly how: string;
  readonly wrong: readonly string[];
};

export type ReadingBack = {
  readonly connection: Connection;
  readonly container: RemoteContainer;
  readonly content: Content;
  readonly call: Call;
};

/**
 * Reads back what the destination's `verify` asks for, as far as the credential may. A platform that fails meanwhile
 * leaves the batch `confirmed`: that it has it was told before, and sending it again would not help.
 */
export async function readBack(reading: ReadingBack, verify: NomadOptions['verify']): Promise<ReadBack> {
  const unread = { evidence: 'confirmed', wrong: [] } as const;
  const { files, bytes } = reading.content.batch;
  const bySize = mayRead(reading.call) ? await orFailure(reading, wrongSizes(reading)) : undefined;
  if (bySize === undefined) return { ...unread, how: 'sizes and hashes cannot be read back with this token' };
  if (bySize instanceof IngestError) return { ...unread, how: `nothing was read back: ${bySize.message}` };
  const sizes = `names and sizes of ${allOf(files.length)} were read back`;
  if (verify === 'sizes' || bySize.length > 0) return { evidence: 'verified', how: sizes, wrong: bySize };
  const chosen = verify === 'all' ? files : sampleOf(reading.content.batch);
  const byHash = await orFailure(reading, wrongHashes(reading, chosen));
  if (byHash === undefined) return { ...unread, how: `${sizes}, but not their SHA-256: the token may not` };
  if (byHash instanceof IngestError)
    return { ...unread, how: `${sizes}, but not their SHA-256: ${byHash.message}` };
  return { evidence: 'verified', how: saidOf(chosen, { sizes, verify, bytes }), wrong: byHash };
}

function saidOf(
  chosen: readonly PlannedFile[],
  { sizes, verify, bytes }: { readonly sizes: string; readonly verify: string; readonly bytes: number },
): string {
  const read = chosen.reduce((sum, { size }) => sum + size, 0);
  if (verify === 'all')
    return `names, sizes and SHA-256 of ${allOf(chosen.length)} (${formatBytes(bytes)}) were read back`;
  if (chosen.length === 0) return `${sizes}; none of them is of a size for the sample, so no SHA-256 was`;
  return `${sizes}, and the SHA-256 of ${chosen.length} of them (${formatBytes(read)})`;
}

/** The answer, or why the platform could not give it now; throws what is not passing, and when it was told to stop. */
async function orFailure(
  { call }: ReadingBack,
  work: Promise<readonly string[] | undefined>,
): Promise<readonly string[] | undefined | IngestError> {
  return await work.catch((thrown: unknown) => {
    if (!call.signal.aborted && thrown instanceof IngestError && thrown.disposition === 'retry')
      return thrown;
    throw thrown;
  });
}

const wrongSizes = async (reading: ReadingBack): Promise<readonly string[] | undefined> =>
  (await missingFiles(reading))?.wrong;

/**
 * The files of the batch that the upload does not have with their name and size, as sentences, and how many were looked
 * for; undefined when the credential may not read after all. Directories are listed one by one, in pages; `some`: only
 * so many of them, drawn by lot.
 */
export async function missingFiles(
  { connection, container, content, call }: ReadingBack,
  some?: { readonly dirs: number; readonly seed: string },
): Promise<{ readonly files: number; readonly wrong: readonly string[] } | undefined> {
  const wrong: string[] = [];
  let looked = 0;
  const byDir = Map.groupBy(content.batch.files, (file) => parentOf(deliveredPath(file)));
  const all = [...byDir].map(([id, inDir]) => ({ id, inDir }));
  const drawn = some === undefined ? all : drawOrder(all, some.seed, () => 1).slice(0, some.dirs);
  for (const { id: dir, inDir } of drawn) {
    looked += inDir.length;
    const at = `${content.targetDir}${dir === '' ? '' : `/${dir}`}`;
    const there = await sizesIn(connection, container, at, call);
    if (there === undefined) return undefined;
    for (const file of inDir) {
      const path = deliveredPath(file);
      const found = there.get(nameOf(path));
      if (found === file.size) continue;
      wrong.push(
        `${printable(path)} (${found === undefined ? 'missing' : `${found} bytes instead of ${file.size}`})`,
      );
    }
  }
  return { files: looked, wrong };
}

/** Sizes of the files in one directory by name; undefined when the credential may not read. */
async function sizesIn(
  connection: Connection,
  container: RemoteContainer,
  dir: string,
  call: Call,
): Promise<Map<string, number> | undefined> {
  const sizes = new Map<string, number>();
  for await (const page of rawDirPages(connection, { upload: container.id, dir }, call)) {
    if (page === undefined) return undefined;
    for (const { name, size, isFile } of page) if (isFile) sizes.set(name, size);
  }
  return sizes;
}
