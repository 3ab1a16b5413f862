import { execFile, spawn } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ZipArchive } from 'archiver';
import { Client } from 'undici';
import { createPacker } from '../../src/batch/packer.ts';
import { planBatches } from '../../src/batch/plan-batches.ts';
import { systemClock } from '../../src/core/clock.ts';
import { destinationName, ownerId, shareName } from '../../src/core/ids.ts';
import type { Batch, OwnedFile } from '../../src/core/model.ts';
import { sharePath } from '../../src/core/share-path.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;

/** A tree of equal files, a thousand a directory. */
export type Tree = { readonly name: string; readonly files: number; readonly bytes: number };
export const MANY_SMALL: Tree = { name: '20,000 x 8 KiB', files: 20_000, bytes: 8 * 1024 };
export const FEW_LARGE: Tree = { name: '3 x 1 GiB', files: 3, bytes: 1024 * MIB };

/** Seconds (medians of the rounds) of each way over one tree; memory is the peak of all our processes. */
export type PackFigures = {
  readonly tree: string;
  readonly ours: number;
  readonly zipCurl: number;
  readonly sumsThenZipCurl: number;
  readonly archiver: number | undefined;
  readonly peakMiB: number;
};

type Way = () => Promise<void>;

/** Measures every way over the tree, one after another in each round, so that a slow moment hits all alike. */
export async function packFigures(
  tree: Tree,
  options: { readonly rounds?: number; readonly withArchiver?: boolean } = {},
): Promise<PackFigures> {
  const dir = await mkdtemp(join(tmpdir(), 'nightjar-bench-'));
  await using sink = await startSink();
  try {
    const root = join(dir, 'share');
    await writeTree(root, tree);
    const batch = planTree(root);
    await using packer = createPacker({
      clock: systemClock,
      stallMs: 60_000,
      spoolDir: dir,
      version: '0.0.0',
    });
    const memory = watchMemory(sink.pid);
    const send = async (bytes: number | undefined, stream: Readable): Promise<void> => {
      await put(sink.url, bytes, stream);
    };
    const zipCurl: Way = () => shell(root, `zip -0 -q -r - . | curl -sS -H Expect: -T - ${sink.url}/parcel`);
    const ways: Record<string, Way> = {
      ours: async () => {
        const { bytes, stream } = await packer.content(batch, root).parcel(new AbortController().signal);
        await memory.during(() => send(bytes, stream));
      },
      zipCurl,
      sumsThenZipCurl: async () => {
        await shell(root, 'find . -type f -print0 | xargs -0 sha256sum');
        await zipCurl();
      },
      ...(options.withArchiver === true
        ? { archiver: () => send(undefined, archiverParcel(root, batch)) }
        : {}),
    };
    const seconds = await alternate(ways, options.rounds ?? 3);
    return {
      tree: tree.name,
      ours: seconds['ours'] ?? Number.NaN,
      zipCurl: seconds['zipCurl'] ?? Number.NaN,
      sumsThenZipCurl: seconds['sumsThenZipCurl'] ?? Number.NaN,
      archiver: seconds['archiver'],
      peakMiB: memory.peakMiB(),
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The figures as ratios, one line each, next to the goals of the design. */
export function describeFigures(figures: PackFigures): string {
  const ratio = (base: number): string => (figures.ours / base).toFixed(2);
  const lines = [
    `pack ${figures.tree}: ${ratio(figures.zipCurl)} of zip | curl, ${ratio(figures.sumsThenZipCurl)} of sha256sum and zip | curl`,
    `pack ${figures.tree}: ${figures.ours.toFixed(2)} s, peak ${figures.peakMiB} MiB in all processes`,
  ];
  if (figures.archiver !== undefined) {
    lines.push(
      `pack ${figures.tree}: archiver ${(figures.archiver / figures.zipCurl).toFixed(2)} of zip | curl`,
    );
  }
  return lines.join('\n');
}

async function alternate(ways: Record<string, Way>, rounds: number): Promise<Record<string, number>> {
  const taken = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  // Round 0 warms the page cache and the child, and does not count.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const begun = performance.now();
      await way();
      if (round > 0) taken.get(name)?.push((performance.now() - begun) / 1000);
    }
  }
  return Object.fromEntries([...taken].map(([name, seconds]) => [name, median(seconds)]));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function put(url: string, bytes: number | undefined, stream: Readable): Promise<void> {
  const client = new Client(url);
  try {
    const length = bytes === undefined ? {} : { 'content-length': String(bytes) };
    const response = await client.request({
      path: '/parcel',
      method: 'PUT',
      body: stream,
      headers: { ...length },
    });
    await response.body.text();
  } finally {
    await client.close();
  }
}

async function shell(cwd: string, line: string): Promise<void> {
  await run('sh', ['-c', line], { cwd, maxBuffer: 64 * MIB });
}

async function startSink(): Promise<AsyncDisposable & { readonly url: string; readonly pid: number }> {
  const sink = spawn(process.execPath, [join(import.meta.dirname, 'put-sink.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = (await once(sink.stdout, 'data')) as [Buffer];
  return {
    url: `http://127.0.0.1:${port.toString().trim()}`,
    pid: sink.pid ?? 0,
    [Symbol.asyncDispose]: async () => {
      sink.stdin.end();
      await once(sink, 'exit');
    },
  };
}

async function writeTree(root: string, tree: Tree): Promise<void> {
  const block = Buffer.alloc(Math.min(tree.bytes, MIB));
  for (let index = 0; index < tree.files; index++) {
    const dir = join(root, `dir-${Math.floor(index / 1000)}`);
    if (index % 1000 === 0) await mkdir(dir, { recursive: true });
    createHash('sha256').update(String(index)).digest().copy(block);
    const fd = openSync(join(dir, `file-${index}.dat`), 'w');
    for (let left = tree.bytes; left > 0; left -= block.length) writeFileSync(fd, block);
    closeSync(fd);
  }
}

function planTree(root: string): Batch {
  const caps = { maxBytes: Number.MAX_SAFE_INTEGER, maxFiles: 1_000_000 };
  for (const plan of planBatches(ownedFiles(root), () => caps)) {
    if (!('code' in plan)) return { ...plan, plannedAt: Date.UTC(2026, 0, 1), epoch: 1, attempts: 0 };
  }
  throw new Error('nothing was planned');
}

function* ownedFiles(root: string): Generator<OwnedFile> {
  const assignment = {
    kind: 'owned' as const,
    owner: ownerId('bench'),
    dataset: sharePath('bench'),
    instrument: 'bench',
    rule: 'bench',
    facts: {},
    settleMs: 0,
    destination: destinationName('sink'),
    compress: false,
  };
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const stats = statSync(join(root, path), { bigint: true });
    if (!stats.isFile()) continue;
    const { mtimeNs, ctimeNs, ino } = stats;
    const file = { path: sharePath(path), size: Number(stats.size), mtimeNs, ctimeNs, ino };
    yield { ...file, share: shareName('bench'), assignment, addendum: false };
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

/** Resident memory of this process and its children (the sink apart), looked at ten times a second. */
function watchMemory(sinkPid: number): {
  readonly during: (work: Way) => Promise<void>;
  readonly peakMiB: () => number;
} {
  let peak = 0;
  const look = (): void => {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
    const ours = children.filter((pid) => pid !== '' && Number(pid) !== sinkPid);
    peak = Math.max(peak, residentMiB('self') + ours.reduce((sum, pid) => sum + residentMiB(pid), 0));
  };
  return {
    during: async (work) => {
      const timer = setInterval(look, 100);
      try {
        await work();
      } finally {
        clearInterval(timer);
      }
    },
    peakMiB: () => Math.round(peak),
  };
}

function residentMiB(pid: string): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib ?? 0) / 1024;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const withArchiver = process.argv.includes('--archiver');
  for (const tree of [MANY_SMALL, FEW_LARGE])
    console.log(describeFigures(await packFigures(tree, { withArchiver })));
}
