import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { manifestJson, manifestNames, sha256Sums } from '../../src/batch/manifest.ts';
import { targetDir } from '../../src/batch/target-dir.ts';
import type { Content } from '../../src/core/content.ts';
import { deliveredPath } from '../../src/core/delivered-path.ts';
import { batchId, destinationName, ownerId, shareName } from '../../src/core/ids.ts';
import type { Batch, PlannedFile } from '../../src/core/model.ts';
import { encodeBytes, parentOf, type SharePath, sharePath } from '../../src/core/share-path.ts';
import { storeZip } from './store-zip.ts';

/** Where a pass stops with that error: at a file (its index in manifest order) and a byte of it (default 0). */
type ContentFault = { readonly file: number; readonly byte?: number; readonly error: Error };

export type ContentPlan = {
  readonly owner: string;
  /** By share path; text is UTF-8. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Safe paths by share path. */
  readonly as?: Readonly<Record<string, string>>;
  readonly share?: string;
  readonly destination?: string;
  readonly addendum?: boolean;
  /** Of every file, milliseconds since 1970. */
  readonly mtimeMs?: number;
  /** The batch itself, where it is not to be made of the files. */
  readonly batch?: Batch;
  /** Bytes of one piece of a body. */
  readonly piece?: number;
  readonly fault?: ContentFault;
  /** Called before each piece with how many bytes of all files went before: the place to abort, or to be killed. */
  readonly onPiece?: (bytesBefore: number, file: PlannedFile) => void;
};

/**
 * Content made of bytes in memory, and a real zip of them. It never looks at the signal: whoever reads it has to
 * stop by itself. The same plan gives the same batch.
 */
export function contentOf(plan: ContentPlan): Content {
  const files = new Map<string, Buffer>(
    Object.entries(plan.files)
      .map(([path, bytes]) => [path, Buffer.from(bytes)] as const)
      .sort(([a], [b]) => Buffer.compare(encodeBytes(a), encodeBytes(b))),
  );
  const batch = plan.batch ?? batchOf(plan, files);
  let complete = false;
  const whenComplete = <T>(answer: () => T): T => {
    if (!complete) throw new Error('hashes are known only after a whole pass');
    return answer();
  };
  return {
    batch,
    targetDir: targetDir(batch),
    files: async function* () {
      let before = 0;
      for (const [at, file] of batch.files.entries()) {
        const bytes = files.get(file.path) ?? Buffer.alloc(0);
        yield { file, body: bodyOf(plan, file, { at, bytes, before }) };
        before += bytes.length;
      }
      complete = true;
    },
    parcel: async () => {
      const entries = batch.files.map((file) => [deliveredPath(file), files.get(file.path) ?? ''] as const);
      const zip = storeZip(
        new Map(
          [...entries, ...manifestFiles(batch, files)].map(([path, bytes]) => [path, Buffer.from(bytes)]),
        ),
      );
      const stream = Readable.from(
        inPieces(zip, plan, batch, () => (complete = true)),
        { objectMode: false },
      );
      return { bytes: zip.length, stream };
    },
    hashes: () => whenComplete(() => hashesOf(files)),
    manifest: () => whenComplete(() => manifestOf(batch, files)),
  };
}

/** Reads the content to its end, as a delivery does, so that its hashes are known. */
export async function passOver(content: Content): Promise<void> {
  for await (const { body } of content.files(new AbortController().signal)) {
    for await (const _ of body) continue;
  }
}

function batchOf(plan: ContentPlan, contents: ReadonlyMap<string, Buffer>): Batch {
  const mtimeMs = plan.mtimeMs ?? Date.UTC(2026, 9, 1, 12, 30, 15, 250);
  const files = [...contents].map(([path, bytes], at) => ({
    path: sharePath(path),
    ...safePathOf(plan, path),
    size: bytes.length,
    mtimeNs: BigInt(mtimeMs) * 1_000_000n,
    ctimeNs: BigInt(mtimeMs) * 1_000_000n,
    ino: BigInt(at + 100),
  }));
  const owner = ownerId(plan.owner);
  const share = shareName(plan.share ?? 'lab');
  const destination = destinationName(plan.destination ?? 'copies');
  const addendum = plan.addendum ?? false;
  const named = JSON.stringify([
    owner,
    share,
    destination,
    addendum,
    files.map((file) => `${file.path} ${file.size} ${file.mtimeNs}`),
  ]);
  const first = files[0]?.path ?? sharePath('empty');
  return {
    id: batchId(`b-${sha256(named).slice(0, 32)}`),
    share,
    owner,
    destination,
    dataset: parentOf(first),
    instrument: first.split('/')[0] ?? '',
    rule: 'rule 1',
    facts: {},
    addendum,
    compress: false,
    files,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    plannedAt: Date.UTC(2026, 9, 2, 20, 0),
    epoch: 1,
    attempts: 1,
  };
}

function safePathOf({ as }: ContentPlan, path: string): { readonly as?: SharePath } {
  const safe = as?.[path];
  return safe === undefined ? {} : { as: sharePath(safe) };
}

type FileBytes = { readonly at: number; readonly bytes: Buffer; readonly before: number };

async function* bodyOf(plan: ContentPlan, file: PlannedFile, source: FileBytes): AsyncGenerator<Buffer> {
  const { at, bytes, before } = source;
  const piece = plan.piece ?? 65_537;
  const fault = plan.fault?.file === at ? plan.fault : undefined;
  const end = fault === undefined ? bytes.length : Math.min(fault.byte ?? 0, bytes.length);
  plan.onPiece?.(before, file);
  for (let from = 0; from < end; from += piece) {
    if (from > 0) plan.onPiece?.(before + from, file);
    yield bytes.subarray(from, Math.min(from + piece, end));
  }
  if (fault !== undefined) throw fault.error;
}

/** The zip in pieces; a fault cuts it where about that many bytes of the files went before, never at its end. */
async function* inPieces(
  zip: Buffer,
  plan: ContentPlan,
  batch: Batch,
  whole: () => void,
): AsyncGenerator<Buffer> {
  const { fault } = plan;
  const piece = plan.piece ?? 65_537;
  const first = batch.files[0];
  const before = batch.files
    .slice(0, fault?.file ?? 0)
    .reduce((sum, file) => sum + file.size, fault?.byte ?? 0);
  const end = fault === undefined ? zip.length : Math.min(before + 1, zip.length - 1);
  for (let from = 0; from < end; from += piece) {
    if (first !== undefined) plan.onPiece?.(from, first);
    yield zip.subarray(from, Math.min(from + piece, end));
  }
  if (fault !== undefined) throw fault.error;
  whole();
}

function hashesOf(files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, string> {
  return new Map([...files].map(([path, bytes]) => [path, sha256(bytes)]));
}

function manifestOf(batch: Batch, files: ReadonlyMap<string, Buffer>): { json: string; sha256sums: string } {
  const hashes = hashesOf(files);
  const hashOf = (index: number) => hashes.get(batch.files[index]?.path ?? '') ?? '';
  return {
    json: manifestJson({ batch, version: '0.0.0-test' }, hashOf),
    sha256sums: sha256Sums(batch, hashOf),
  };
}

function manifestFiles(batch: Batch, files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, Buffer> {
  const { json, sha256sums } = manifestOf(batch, files);
  const names = manifestNames(batch);
  return new Map([
    [names.json, Buffer.from(json)],
    [names.sums, Buffer.from(sha256sums)],
  ]);
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
