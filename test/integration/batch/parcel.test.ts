import { createHash } from 'node:crypto';
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parcelLength } from '../../../src/batch/parcel-length.ts';
import type { Content } from '../../../src/core/content.ts';
import { safeName } from '../../../src/core/safe-name.ts';
import { sharePath } from '../../../src/core/share-path.ts';
import { buildShare, type ShareNode } from '../../support/build-share.ts';
import { checkWithReaders, output, startPacker, storeParcel } from '../../support/open-parcel.ts';
import { planShare } from '../../support/plan-share.ts';

const MIXED: Readonly<Record<string, ShareNode>> = {
  'SEM1/run1/image.tif': { content: Buffer.alloc(3_000_001, 'tif'), mtime: Date.UTC(2025, 5, 1, 10, 0, 1) },
  'SEM1/run1/empty.log': '',
  'SEM1/run1/Überblick/ß 100µm.txt': 'grüße',
  'SEM1/run1/emoji \u{1f52c}.txt': { content: 'x', mtime: Date.UTC(1970, 0, 1) },
  'SEM1/run1/exactly-at-the-limit': Buffer.alloc(512 * 1024, 1),
  'SEM1/run1/one-over': Buffer.alloc(512 * 1024 + 1, 2),
  'SEM1/run1/from-2150': { content: 'later', mtime: Date.UTC(2150, 0, 1) },
};
const signal = new AbortController().signal;

async function tempDir(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'nightjar-parcel-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test.each([{ compress: false }, { compress: true }])(
  'a parcel has its promised length, every reader takes it, and it proves itself (compress: $compress)',
  async ({ compress }) => {
    await using share = await buildShare(MIXED);
    await using dir = await tempDir();
    await using packer = await startPacker();
    const batch = planShare(share.root, { compress });
    const parcel = join(dir.path, 'parcel.zip');

    const bytes = await storeParcel(packer.content(batch, share.root), parcel);

    expect(readFileSync(parcel).length).toBe(bytes);
    await checkWithReaders(parcel);
    const out = join(dir.path, 'out');
    await output(dir.path, 'python3', '-m', 'zipfile', '-e', parcel, out);
    const checked = await output(out, 'sha256sum', '-c', '--strict', `.nightjar/${batch.id}.sha256`);
    expect(checked.trim().split('\n')).toHaveLength(batch.files.length);
    for (const { path } of batch.files)
      expect(readFileSync(join(out, path))).toEqual(readFileSync(share.path(path)));
    const manifest = JSON.parse(readFileSync(join(out, '.nightjar', `${batch.id}.json`), 'utf8')) as {
      files: unknown[];
    };
    expect(manifest.files).toHaveLength(batch.files.length);
  },
);

test.each([{ compress: false }, { compress: true }])(
  'trap 16: a parcel has its files under their safe paths, and the sums hold there (compress: $compress)',
  async ({ compress }) => {
    await using share = await buildShare(
      { 'r: 1/a\nb': 'x', 'r: 1/c\\d.txt': 'y', 'r: 1/plain': 'z' },
      { marker: false },
    );
    await using dir = await tempDir();
    await using packer = await startPacker();
    const planned = planShare(share.root, { compress });
    const files = planned.files.map((file) => ({ ...file, as: safePath(file.path) }));
    const batch = { ...planned, files };
    const parcel = join(dir.path, 'parcel.zip');

    await storeParcel(packer.content(batch, share.root), parcel);

    await checkWithReaders(parcel);
    const out = join(dir.path, 'out');
    await output(dir.path, 'python3', '-m', 'zipfile', '-e', parcel, out);
    const checked = await output(out, 'sha256sum', '-c', '--strict', `.nightjar/${batch.id}.sha256`);
    expect(checked).toBe(files.map(({ as }) => `${as}: OK\n`).join(''));
    expect(files.map(({ as }) => readFileSync(join(out, as), 'utf8'))).toEqual(['x', 'y', 'z']);
  },
);

const safePath = (path: string) => sharePath(path.split('/').map(safeName).join('/'));

test.each([{ compress: false }, { compress: true }])(
  'another pass and another packer give the same bytes (compress: $compress)',
  async ({ compress }) => {
    await using share = await buildShare(MIXED);
    await using dir = await tempDir();
    await using packer = await startPacker();
    await using other = await startPacker();
    const batch = planShare(share.root, { compress });
    const content = packer.content(batch, share.root);

    const sums: string[] = [];
    for (const from of [content, content, other.content(batch, share.root)]) {
      const path = join(dir.path, `${sums.length}.zip`);
      await storeParcel(from, path);
      sums.push(createHash('sha256').update(readFileSync(path)).digest('hex'));
    }

    expect(new Set(sums).size).toBe(1);
    expect(await readdir(packer.spoolDir)).toEqual([]);
  },
);

test('the computed length is the written length for any names, sizes and times', async () => {
  await using packer = await startPacker();
  const name = fc.stringMatching(/^[a-zäß0-9 .]{1,20}$/).filter((text) => text !== '.' && text !== '..');
  const node = fc.record({
    content: fc
      .oneof(fc.constant(0), fc.nat(5000), fc.integer({ min: 520_000, max: 530_000 }))
      .map((size) => Buffer.alloc(size, 7)),
    mtime: fc.integer({ min: -3_000_000_000, max: 9_000_000_000 }).map((seconds) => seconds * 1000),
  });

  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, node, { minKeys: 1, maxKeys: 8 }), async (tree) => {
      await using share = await buildShare(tree);
      const batch = planShare(share.root);
      const { bytes, stream } = await packer.content(batch, share.root).parcel(signal);

      let received = 0;
      for await (const piece of stream as AsyncIterable<Buffer>) received += piece.length;

      expect(received).toBe(bytes);
      expect(bytes).toBe(parcelLength({ batch, version: '1.2.3' }));
    }),
    { numRuns: 25 },
  );
});

test('the files one after another are the files of the share, with the hashes of the parcel', async () => {
  await using share = await buildShare(MIXED);
  await using packer = await startPacker();
  const batch = planShare(share.root);
  const content = packer.content(batch, share.root);
  expect(() => content.hashes()).toThrow(/not read to its end/);

  const found = await hashesByReading(content);

  expect([...content.hashes()]).toEqual(found);
  expect(content.manifest().sha256sums).toContain(`${found[0]?.[1]}  ${found[0]?.[0]}`);
  expect(found.map(([path]) => path)).toEqual(batch.files.map(({ path }) => path));
});

test('whoever has got the last byte finds the hashes complete', async () => {
  await using share = await buildShare(MIXED);
  await using packer = await startPacker();
  for (let pass = 0; pass < 20; pass++) {
    const content = packer.content(planShare(share.root), share.root);
    const { bytes, stream } = await content.parcel(signal);
    let received = 0;

    const { promise, resolve } = Promise.withResolvers<number>();
    stream.on('data', (piece: Buffer) => {
      received += piece.length;
      // As an HTTP client does when the answer comes before the stream has said that it ended.
      if (received === bytes) resolve(content.hashes().size);
    });

    expect(await promise).toBe(content.batch.files.length);
  }
});

test('asking for the next file before the last was read is refused', async () => {
  await using share = await buildShare(MIXED);
  await using packer = await startPacker();
  const files = packer.content(planShare(share.root), share.root).files(signal)[Symbol.asyncIterator]();

  await files.next();

  await expect(files.next()).rejects.toThrow(/before the last was read/);
});

test('trap 9: seventy thousand entries are more than a plain zip can count, and all are there', {
  timeout: 600_000,
}, async () => {
  await using dir = await tempDir();
  await using packer = await startPacker();
  const root = join(dir.path, 'share');
  for (let index = 0; index < 70_000; index++) {
    if (index % 1000 === 0) mkdirSync(join(root, String(index / 1000)), { recursive: true });
    writeFileSync(
      join(root, String(Math.floor(index / 1000)), `${index}`),
      index % 7 === 0 ? '' : `${index}`,
    );
  }
  const parcel = join(dir.path, 'parcel.zip');
  const batch = planShare(root);

  const bytes = await storeParcel(packer.content(batch, root), parcel);

  expect(readFileSync(parcel).length).toBe(bytes);
  await checkWithReaders(parcel, ['unzip']);
  expect((await output(dir.path, 'bsdtar', '-tf', parcel)).trim().split('\n')).toHaveLength(70_002);
});

test('trap 9: a file over 4 GiB and one behind it keep size, offset and checksum', {
  timeout: 900_000,
}, async () => {
  await using share = await buildShare({ 'a.raw': { size: 4100 * 2 ** 20 }, 'b.txt': 'behind 4 GiB' });
  await using dir = await tempDir();
  await using packer = await startPacker({ stallMs: 60_000 });
  const parcel = join(dir.path, 'parcel.zip');
  const batch = planShare(share.root);

  const { bytes, stream } = await packer.content(batch, share.root).parcel(signal);
  const stored = await storeSparse(stream, parcel);

  expect(stored).toBe(bytes);
  await checkWithReaders(parcel, ['python']);
  const script =
    'import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); print(z.getinfo("a.raw").file_size, z.read("b.txt").decode())';
  expect(await output(dir.path, 'python3', '-c', script, parcel)).toBe(
    `${batch.files.find(({ path }) => path === 'a.raw')?.size} behind 4 GiB\n`,
  );
});

async function hashesByReading(content: Content): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { file, body } of content.files(signal)) {
    const hash = createHash('sha256');
    for await (const piece of body) hash.update(piece);
    found.push([file.path, hash.digest('hex')]);
  }
  return found;
}

/** Stores a stream, leaving holes where it is zero: the disk need not hold 4 GiB. */
async function storeSparse(stream: AsyncIterable<Buffer>, path: string): Promise<number> {
  const zero = Buffer.alloc(4 * 1024 * 1024);
  const fd = openSync(path, 'w');
  let at = 0;
  for await (const piece of stream) {
    if (!piece.equals(zero.subarray(0, piece.length))) writeSync(fd, piece, 0, piece.length, at);
    at += piece.length;
  }
  ftruncateSync(fd, at);
  closeSync(fd);
  return at;
}
