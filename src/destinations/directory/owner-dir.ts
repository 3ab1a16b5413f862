import { constants } from 'node:fs';
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { IngestError, systemCode } from '../../core/errors.ts';
import { isName } from '../../core/ids.ts';
import type { Batch } from '../../core/model.ts';
import { printable } from '../../core/share-path.ts';
import type { RemoteContainer } from '../destination.ts';
import { DirWalk, type HeldDir, inDir } from './dir-walk.ts';
import { diskError, errnoName, onDisk } from './disk-error.ts';
import { stopIfAborted } from './stop-if-aborted.ts';

/** Where an attempt's files wait, below the owner's directory, until all of them are there. */
const INCOMING = '.incoming';
const PARTS = ['data', 'manifests', 'receipts', INCOMING] as const;

/** False when it is missing; anything but a directory is a TARGET_CONFLICT. The root itself may be a symbolic link. */
export async function isDirectory(root: string): Promise<boolean> {
  try {
    if ((await stat(root)).isDirectory()) return true;
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT') return false;
    throw diskError(thrown, `look at ${root}`);
  }
  throw new IngestError('TARGET_CONFLICT', `could not use ${root} as a destination: it is not a directory`, {
    hint: 'Move it away, or name another root in the destination of nightjar.yaml.',
    context: { root },
  });
}

/** Makes the owner's directory and what belongs in it, the root too (its parent has to be there); may be repeated. */
export async function makeOwnerDir(
  root: string,
  name: string,
  signal: AbortSignal,
): Promise<RemoteContainer> {
  if (!isName(name)) throw notAName(name);
  stopIfAborted(signal, `open ${root}/${name}`);
  if (!(await isDirectory(root))) await onDisk(makeRoot(root), () => `make the directory ${root}`);
  const handle = await onDisk(open(root, constants.O_DIRECTORY), () => `open ${root}`);
  try {
    await using walk = new DirWalk({ handle, path: root }, 'keep');
    for (const part of PARTS) await walk.at(`${name}/${part}`);
    await walk.finish();
    await requireOwnName(root, name);
  } finally {
    await handle.close();
  }
  return { id: name, name, location: `${root}/${name}` };
}

async function makeRoot(root: string): Promise<void> {
  // Two owners' first batches may want it at once: whoever comes second finds it made.
  await mkdir(root, { recursive: false, mode: 0o750 }).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  await using parent = await open(dirname(root), constants.O_DIRECTORY);
  await parent.sync();
}

function notAName(name: string): IngestError {
  return new IngestError('PATH_UNREPRESENTABLE', `could not open a directory for ${JSON.stringify(name)}`, {
    hint: 'An owner id has letters, digits, ".", "_" and "-" only: see owners in folders.yaml.',
  });
}

/** Where capitals do not count, the owner "Ada" would be given the directory of "ada". */
async function requireOwnName(root: string, name: string): Promise<void> {
  const names = await onDisk(readdir(root), () => `list ${root}`);
  if (names.includes(name)) return;
  throw new IngestError(
    'TARGET_CONFLICT',
    `could not open ${root}/${name}: it is the directory of another owner`,
    {
      hint: 'The file system takes capital and small letters for the same. Use owner ids that differ in more than that.',
      context: { root, owner: name },
    },
  );
}

/** The owner's directory, made by `open`. When it is gone the disk is probably not mounted: it is not made again here. */
export async function openOwnerDir(
  root: string,
  container: RemoteContainer,
  batch: Batch,
): Promise<HeldDir & AsyncDisposable> {
  if (container.id !== batch.owner) {
    const message = `refused to deliver ${batch.id} of ${batch.owner} into the directory of ${printable(container.id)}`;
    throw new IngestError('TARGET_CONFLICT', message, {
      hint: 'This is a defect in Nightjar: report it with the log lines around it. The batch is kept.',
      context: { batchId: batch.id, owner: batch.owner, container: container.id },
    });
  }
  const top = await onDisk(open(root, constants.O_DIRECTORY), () => `open ${root}`);
  try {
    const flags = constants.O_DIRECTORY | constants.O_NOFOLLOW;
    const path = `${root}/${batch.owner}`;
    const handle = await onDisk(open(inDir(top, batch.owner), flags), () => `open ${path}`);
    return { handle, path, [Symbol.asyncDispose]: async () => await handle.close() };
  } finally {
    await top.close();
  }
}

/** Where this attempt stages, below the owner's directory: no two attempts ever write into the same place. */
export function stagingDir(batch: Pick<Batch, 'id' | 'epoch'>): string {
  return `${INCOMING}/${batch.id}.${batch.epoch}`;
}

/**
 * Removes what interrupted attempts left. An owner has one delivery in flight, so all of it is left over; only a newer
 * attempt of the same batch may be alive, beside one that does not know yet that it was given up.
 */
export async function clearLeftovers(owner: HeldDir, batch: Pick<Batch, 'id' | 'epoch'>): Promise<void> {
  await clearIncoming(owner, (name) => !isNewerAttempt(name, batch));
}

/** Removes what this attempt staged, and nothing of another. */
export async function clearStaged(owner: HeldDir, batch: Pick<Batch, 'id' | 'epoch'>): Promise<void> {
  await clearIncoming(owner, (name) => `${INCOMING}/${name}` === stagingDir(batch));
}

function isNewerAttempt(name: string, { id, epoch }: Pick<Batch, 'id' | 'epoch'>): boolean {
  return name.startsWith(`${id}.`) && Number(name.slice(id.length + 1)) > epoch;
}

async function clearIncoming(owner: HeldDir, isOver: (name: string) => boolean): Promise<void> {
  await using walk = new DirWalk(owner, 'find');
  const incoming = await walk.at(INCOMING);
  if (incoming === undefined) return;
  const attempted = () => `clear ${owner.path}/${INCOMING}`;
  for (const name of await onDisk(readdir(`/proc/self/fd/${incoming.fd}`), attempted)) {
    // Repeated: an attempt that was given up may still be putting files into what is being removed (ENOTEMPTY).
    const removing = { recursive: true, force: true, maxRetries: 5 };
    if (isOver(name)) await onDisk(rm(inDir(incoming, name), removing), attempted);
  }
}

/** True when another attempt has removed what this one staged; false when more than that is gone. */
export async function isSwept(owner: HeldDir, batch: Pick<Batch, 'id' | 'epoch'>): Promise<boolean> {
  await using walk = new DirWalk(owner, 'find');
  return (await walk.at(INCOMING)) !== undefined && (await walk.at(stagingDir(batch))) === undefined;
}
