/**
 * Packing and sending alone, without an evening around it: `node test/bench/pack-bench.ts` compares the packer with
 * archiver at its best, and with zip and curl.
 */
import { createHash, hash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ZipArchive } from 'archiver';
import { Client } from 'undici';
import { createPacker } from '../../src/batch/packer.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Batch } from '../../src/core/model.ts';
import { planShare } from '../support/plan-share.ts';
import { alternate } from './measure.ts';
import { startSink, zipCurl } from './sink.ts';
import { writeTree } from './write-tree.ts';

const MIB = 1024 * 1024;

/** One batch of all files below a root; each `send` is one parcel, read by the packer's process and PUT to the sink. */
export type Pipeline = AsyncDisposable & { readonly batch: Batch; readonly send: () => Promise<void> };

export function openPipeline(root: string, spoolDir: string, url: string): Pipeline {
  const batch = planShare(root);
  const packer = createPacker({ clock: systemClock, stallMs: 60_000, spoolDir, version: '0.0.0' });
  return {
    batch,
    send: async () => {
      const { bytes, stream } = await packer.content(batch, root).parcel(new AbortController().signal);
      await put(url, stream, { 'content-length': String(bytes) });
    },
    [Symbol.asyncDispose]: async () => await packer[Symbol.asyncDispose](),
  };
}

async function put(url: string, body: Readable, headers: Readonly<Record<string, string>>): Promise<void> {
  const client = new Client(url);
  try {
    const response = await client.request({ path: '/parcel', method: 'PUT', body, headers });
    await response.body.text();
  } finally {
    await client.close();
  }
}

/** archiver at its best: small files as buffers, large ones in 1 MiB synchronous reads, hashed, in large pieces. */
function archiverParcel(root: string, batch: Batch): Readable {
  const archive = new ZipArchive({ store: true });
  const fill = async (): Promise<void> => {
    for (const file of batch.files) {
      const done = once(archive, 'entry');
      const path = join(root, file.path);
      archive.append(file.size <= MIB ? hashed(readFileSync(path)) : Readable.from(largeReads(path)), {
        name: file.path,
      });
      await done;
    }
    await archive.finalize();
  };
  void fill();
  return Readable.from(coalesced(archive), { highWaterMark: 2 });
}

function hashed(content: Buffer): Buffer {
  hash('sha256', content, 'buffer');
  return content;
}

function* largeReads(path: string): Generator<Buffer> {
  const fd = openSync(path, 'r');
  const sum = createHash('sha256');
  for (;;) {
    const piece = Buffer.allocUnsafe(MIB);
    const bytes = readSync(fd, piece);
    if (bytes === 0) break;
    sum.update(piece.subarray(0, bytes));
    yield piece.subarray(0, bytes);
  }
  sum.digest();
  closeSync(fd);
}

async function* coalesced(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of source) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes < 256 * 1024) continue;
    yield Buffer.concat(pieces, bytes);
    pieces = [];
    bytes = 0;
  }
  yield Buffer.concat(pieces, bytes);
}

async function compareWriters(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'nightjar-bench-'));
  await using sink = await startSink();
  try {
    const root = join(dir, 'share');
    writeTree(root, { name: '20,000 x 8 KiB', files: 20_000, bytes: 8 * 1024 });
    await using pipeline = openPipeline(root, dir, sink.url);
    const ways = {
      ours: pipeline.send,
      archiver: async () => await put(sink.url, archiverParcel(root, pipeline.batch), {}),
      zipCurl: async () => await zipCurl(root, sink.url),
    };
    console.log(await alternate(ways, { rounds: 3 }));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

if (import.meta.main) await compareWriters();
