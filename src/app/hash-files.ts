import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { batchIdOf } from '../batch/batch-id.ts';
import { createPacker, type Packer } from '../batch/packer.ts';
import type { ShareConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { Content } from '../core/content.ts';
import { type ErrorCode, IngestError } from '../core/errors.ts';
import { COLLECTOR, destinationName, type ShareName } from '../core/ids.ts';
import type { Batch, PlannedFile } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import type { NightlyParts } from '../nightly/parts.ts';
import { VERSION } from './version.ts';

/** Reads files of the shares to compare them, in children like those that pack: safely, with a deadline, stoppable. */
export type FileHasher = AsyncDisposable & { readonly hash: NightlyParts['hashFiles'] };

export function createFileHasher(
  shares: readonly ShareConfig[],
  parts: { readonly clock: Clock; readonly stateDir: string },
): FileHasher {
  const spoolDir = join(parts.stateDir, 'spool');
  mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
  const readers = new Map(
    shares.map(({ name, root, marker, stallMs, readAs }) => {
      const options = { clock: parts.clock, marker, stallMs, readAs, spoolDir, version: VERSION };
      return [name, { root, packer: createPacker(options) }] as const;
    }),
  );
  return {
    hash: async (share, files, signal) => {
      const reader = readers.get(share);
      if (reader === undefined) throw new RangeError(`no share is called ${share}`);
      return hashAll(reader, asBatch(share, files), signal);
    },
    [Symbol.asyncDispose]: async () => {
      for (const { packer } of readers.values()) await packer[Symbol.asyncDispose]();
    },
  };
}

type Reader = { readonly root: string; readonly packer: Packer };

type Hashes = Awaited<ReturnType<FileHasher['hash']>>;

/** Passes until one comes to its end: each leaves out the files that the one before could not read as planned. */
async function hashAll({ root, packer }: Reader, batch: Batch, signal: AbortSignal): Promise<Hashes> {
  const found = new Map<SharePath, Uint8Array | 'unreadable'>();
  for (let left = batch; left.files.length > 0; ) {
    const content = packer.content(left, root);
    try {
      await readThrough(content, signal);
      for (const [path, hex] of content.hashes()) found.set(path as SharePath, Buffer.from(hex, 'hex'));
      return found;
    } catch (thrown) {
      const bad = badFiles(thrown);
      const files = left.files.filter(({ path }) => !bad.has(path));
      if (files.length === left.files.length) throw thrown;
      noteUnreadable(thrown, bad, found);
      left = { ...left, files };
    }
  }
  return found;
}

async function readThrough(content: Content, signal: AbortSignal): Promise<void> {
  for await (const { body } of content.files(signal)) for await (const _ of body) continue;
}

function noteUnreadable(
  thrown: unknown,
  bad: ReadonlySet<string>,
  found: Map<SharePath, Uint8Array | 'unreadable'>,
): void {
  if (!(thrown instanceof IngestError) || thrown.code !== 'FILE_UNREADABLE') return;
  for (const path of bad) found.set(path as SharePath, 'unreadable');
}

const OF_A_FILE: readonly ErrorCode[] = ['FILE_CHANGED', 'FILE_VANISHED', 'FILE_UNREADABLE'];

function badFiles(thrown: unknown): Set<string> {
  if (!(thrown instanceof IngestError) || !OF_A_FILE.includes(thrown.code)) return new Set();
  const { path, paths } = thrown.context;
  return new Set(Array.isArray(paths) ? paths.map(String) : typeof path === 'string' ? [path] : []);
}

/** What the packer reads; nobody receives it. */
function asBatch(share: ShareName, files: readonly PlannedFile[]): Batch {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const batch = {
    ...{ share, owner: COLLECTOR, destination: destinationName('nowhere'), dataset: '' as SharePath },
    ...{ instrument: '', rule: '', facts: {}, addendum: false, compress: false, files, bytes },
  };
  return { ...batch, id: batchIdOf(batch), plannedAt: 0, epoch: 0, attempts: 0 };
}
