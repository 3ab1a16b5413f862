import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Content } from '../../core/content.ts';
import { deliveredPath } from '../../core/delivered-path.ts';
import { IngestError } from '../../core/errors.ts';
import type { Batch, Receipt } from '../../core/model.ts';
import { printable, sharePath } from '../../core/share-path.ts';
import { count } from '../../core/units.ts';
import type { Destination, RemoteContainer } from '../destination.ts';
import { auditFiles } from './audit.ts';
import type { HeldDir } from './dir-walk.ts';
import { onDisk } from './disk-error.ts';
import { freeSpace, requireSpace } from './free-space.ts';
import type { DirectoryOptions } from './options.ts';
import {
  clearLeftovers,
  clearStaged,
  isDirectory,
  isSwept,
  makeOwnerDir,
  openOwnerDir,
  stagingDir,
} from './owner-dir.ts';
import { findPresent, lostStaging, placeFiles } from './place-files.ts';
import { type Expected, readBack } from './read-back.ts';
import { stageFiles } from './stage-files.ts';
import { stopIfAborted } from './stop-if-aborted.ts';
import { writeEvidence } from './write-evidence.ts';

/** One attempt's worth of work and of room in the staging directory; a larger file is refused by the planner. */
const DEFAULT_MAX_BYTES = 2 ** 40;
const DEFAULT_MAX_FILES = 50_000;

export type DirectorySettings = Omit<DirectoryOptions, 'kind'>;

/**
 * A copy of the data on a file system, one directory per owner: `data/`, `manifests/`, `receipts/`. A file appears in
 * `data/` whole or not at all, nothing there is ever replaced, and a receipt says `verified` after reading back.
 */
export function createDirectory(settings: DirectorySettings): Destination {
  return {
    kind: 'directory',
    limits: {
      maxBytes: settings.maxBytes ?? DEFAULT_MAX_BYTES,
      maxFiles: settings.maxFiles ?? DEFAULT_MAX_FILES,
      acceptsZip: false,
    },
    check: async ({ room }) => await check(settings, room),
    containerName: (batch) => batch.owner,
    open: async (name, { signal }) => await makeOwnerDir(settings.root, name, signal),
    send: async (container, content, { signal }) => await send(settings, container, content, signal),
    close: async (container, content, { signal }) => await close(settings, container, content, signal),
    audit: async (container, content, audit) => await auditFiles(settings.root, container, content, audit),
  };
}

async function check({ root, verify }: DirectorySettings, room = 0): Promise<string> {
  const there = await isDirectory(root);
  const place = there ? root : dirname(root);
  await onDisk(access(place, constants.W_OK | constants.X_OK), () => `write into ${place}`);
  const space = (await freeSpace(place, room)) ?? 'free space unknown';
  const how =
    verify === 'hash' ? 'each file is read back and its SHA-256 compared' : 'names and sizes are read back';
  return there
    ? `${root} can be written, ${space}; ${how}.`
    : `${root} does not exist yet and will be made in ${place}, ${space}; ${how}.`;
}

async function send(
  settings: DirectorySettings,
  container: RemoteContainer,
  content: Content,
  signal: AbortSignal,
): Promise<void> {
  const { batch } = content;
  requireSafePaths(content);
  stopIfAborted(signal, `send ${batch.id}`);
  await using owner = await openOwnerDir(settings.root, container, batch);
  try {
    await clearLeftovers(owner, batch);
    await stageAndPlace(owner, content, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const failure = (await lostItsStaging(thrown, owner, batch)) ? lostStaging(batch) : thrown;
    // A failed attempt must not keep the disk full. After an abort nothing is touched: the next attempt clears.
    await clearStaged(owner, batch).catch(() => undefined);
    throw failure;
  }
}

/** An attempt that was given up finds its files missing: that says nothing about the destination. */
async function lostItsStaging(thrown: unknown, owner: HeldDir, batch: Batch): Promise<boolean> {
  if (!(thrown instanceof IngestError) || thrown.context['errno'] !== 'ENOENT') return false;
  return await isSwept(owner, batch).catch(() => false);
}

async function stageAndPlace(owner: HeldDir, content: Content, signal: AbortSignal): Promise<void> {
  const { batch } = content;
  const staged = stagingDir(batch);
  const place = { owner, dir: `data/${content.targetDir}`, signal };
  const present = await findPresent(batch, batch.files, place);
  const missing = batch.files.filter((file) => !present.has(file.path));
  await requireSpace(owner, batch, missing);
  await stageFiles(content, { owner, dir: staged, present, signal });
  const kept = batch.files.filter((file) => present.has(file.path));
  const hashes = content.hashes();
  await findPresent(batch, kept, { ...place, hashes, flush: true });
  await placeFiles(batch, { ...place, staged, present, hashes });
  stopIfAborted(signal, `send ${batch.id}`);
  await clearStaged(owner, batch);
}

function requireSafePaths(content: Content): void {
  try {
    if (sharePath(content.targetDir) === '') throw new RangeError('the target directory is empty');
    for (const file of content.batch.files) {
      if (sharePath(deliveredPath(file)) === '') throw new RangeError('a path is empty');
    }
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new IngestError('PATH_UNREPRESENTABLE', `could not deliver ${content.batch.id}: ${why}`, {
      hint: 'Rename it on the share.',
      context: { batchId: content.batch.id },
      cause: thrown,
    });
  }
}

async function close(
  settings: DirectorySettings,
  container: RemoteContainer,
  content: Content,
  signal: AbortSignal,
): Promise<Receipt> {
  const { batch } = content;
  requireSafePaths(content);
  stopIfAborted(signal, `verify ${batch.id}`);
  const hashes = content.hashes();
  await using owner = await openOwnerDir(settings.root, container, batch);
  const place = { owner, dir: `data/${content.targetDir}`, signal };
  await requireDelivered(batch, settings.verify === 'hash' ? { ...place, hashes } : place);
  const receipt = receiptOf(settings, content, `${owner.path}/${place.dir}`);
  stopIfAborted(signal, `write the receipt of ${batch.id}`);
  await writeEvidence(owner, content, receipt);
  return receipt;
}

async function requireDelivered(batch: Batch, expected: Expected): Promise<void> {
  const wrong: string[] = [];
  for (const { file, found } of await readBack(batch.files, expected)) {
    if (found !== 'same') wrong.push(`${printable(deliveredPath(file))} (${found})`);
  }
  if (wrong.length === 0) return;
  const where = `${expected.owner.path}/${expected.dir}`;
  const message = `${wrong.length} of the ${batch.files.length} files of ${batch.id} are not in ${where} as they were sent, the first is ${wrong[0] ?? ''}`;
  throw new IngestError('RECEIPT_MISMATCH', message, {
    hint: 'Something else writes there, or the disk is failing: look at it, move the wrong files away, then requeue the batch.',
    context: { batchId: batch.id, where, wrong: wrong.length, paths: wrong.slice(0, 20) },
  });
}

function receiptOf(settings: DirectorySettings, { batch }: Content, location: string): Receipt {
  const files = batch.files.length;
  const how =
    settings.verify === 'hash'
      ? `read back, and the SHA-256 compared: ${count(files, 'file')}`
      : `names and sizes read back, the content not compared: ${count(files, 'file')}`;
  return { evidence: 'verified', how, location, files, bytes: batch.bytes };
}
