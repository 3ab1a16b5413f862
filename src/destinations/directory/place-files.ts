import { link, lstat, rename } from 'node:fs/promises';
import { deliveredPath } from '../../core/delivered-path.ts';
import { IngestError } from '../../core/errors.ts';
import type { Batch, PlannedFile } from '../../core/model.ts';
import { printable } from '../../core/share-path.ts';
import { DirWalk, type HeldDir, inDir } from './dir-walk.ts';
import { errnoName, onDisk } from './disk-error.ts';
import { stagingDir } from './owner-dir.ts';
import { type Expected, nameThere, placeOf, readBack } from './read-back.ts';
import { stopIfAborted } from './stop-if-aborted.ts';

/** Paths named in one error; the count says how many there are. */
const NAMED = 20;

/**
 * The paths of the batch that the destination has. Anything that is not the same there (by size, or by hash when
 * `expected` has hashes) is a TARGET_CONFLICT that names them all: nothing is replaced, and nothing was moved yet.
 */
export async function findPresent(
  batch: Batch,
  files: readonly PlannedFile[],
  expected: Expected,
): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  const conflicts: string[] = [];
  for (const { file, found } of await readBack(files, expected)) {
    if (found === 'same') present.add(file.path);
    else if (found !== 'missing') conflicts.push(`${printable(deliveredPath(file))} (${found})`);
  }
  if (conflicts.length > 0) throw conflictOf(batch, conflicts, expected);
  return present;
}

function conflictOf(batch: Batch, conflicts: readonly string[], expected: Expected): IngestError {
  const where = `${expected.owner.path}/${expected.dir}`;
  const first = conflicts[0] ?? '';
  return new IngestError(
    'TARGET_CONFLICT',
    `could not deliver ${batch.id}: ${conflicts.length} of its files would replace others in ${where}, the first is ${first}`,
    {
      hint: 'Compare the two versions, move the one at the destination away (or hold the batch), then requeue the batch. Nightjar replaces nothing.',
      context: { batchId: batch.id, where, conflicts: conflicts.length, paths: conflicts.slice(0, NAMED) },
    },
  );
}

export type Placing = {
  readonly owner: HeldDir;
  /** From and to, below the owner's directory. */
  readonly staged: string;
  readonly dir: string;
  readonly present: ReadonlySet<string>;
  /** SHA-256 by path: a file that came there meanwhile, from another attempt, has to be the same. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly signal: AbortSignal;
};

/**
 * Moves the staged files to their places, never over anything, and flushes every directory on the way, those of files
 * that were there before too. Stopped at any point, it can be done again: what is in place is whole and right.
 */
export async function placeFiles(batch: Batch, placing: Placing): Promise<void> {
  await using from = new DirWalk(placing.owner, 'find');
  await using to = new DirWalk(placing.owner, 'keep');
  for (const file of batch.files) {
    const attempted = () => `put ${printable(deliveredPath(file))} into ${placing.owner.path}/${placing.dir}`;
    stopIfAborted(placing.signal, attempted());
    const target = await to.into(placeOf(placing.dir, file));
    if (placing.present.has(file.path)) continue;
    const source = await from.at(placeOf(placing.staged, file));
    if (source === undefined) throw lostStaging(batch);
    const name = nameThere(file);
    const moved = await onDisk(moveWithoutReplacing(inDir(source, name), inDir(target, name)), attempted);
    if (!moved) await findPresent(batch, [file], { ...placing, flush: true });
  }
  await to.finish();
}

/**
 * False when the name is taken. link(2) refuses that, rename(2) replaces; the staged name goes away with the staging
 * directory.
 */
async function moveWithoutReplacing(from: Buffer, to: Buffer): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (thrown) {
    if (errnoName(thrown) === 'EEXIST') return false;
    if (!HAS_NO_LINKS.has(errnoName(thrown) ?? '')) throw thrown;
    if (await isTaken(to)) return false;
    await rename(from, to);
    return true;
  }
}

/** What FAT, exFAT and some SMB servers answer to link(2), and a server that gave the file to another user. */
const HAS_NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

async function isTaken(path: Buffer): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT') return false;
    throw thrown;
  }
}

/** Another attempt has removed this one's files: it was given up, and what it says no longer counts. */
export function lostStaging(batch: Batch): IngestError {
  return new IngestError(
    'LEASE_LOST',
    `could not deliver ${batch.id}: ${stagingDir(batch)} was removed meanwhile`,
    {
      hint: 'Another attempt of this owner was begun beside this one. The batch is sent again.',
      context: { batchId: batch.id, owner: batch.owner },
    },
  );
}
