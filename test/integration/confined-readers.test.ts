import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { getCompileCacheDir } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { shareName } from '../../src/core/ids.ts';
import { sharePath } from '../../src/core/share-path.ts';
import { proveShare } from '../../src/share/prove-share.ts';
import { readSidecars } from '../../src/share/read-sidecars.ts';
import { tryOpen } from '../../src/share/try-open.ts';
import { buildShare, MARKER } from '../support/build-share.ts';
import { startPacker } from '../support/open-parcel.ts';
import { planShare } from '../support/plan-share.ts';
import { readScan } from '../support/read-scan.ts';
import { shareChildren, until } from '../support/share-children.ts';
import type { Tries } from '../support/try-everything.ts';

const FIXTURE = fileURLToPath(new URL('../support/try-everything.ts', import.meta.url));
const signal = new AbortController().signal;
const options = { deadlineMs: 20_000, clock: systemClock, signal };
const target = (root: string) => ({ name: shareName('lab'), root });

async function pack(root: string): Promise<number> {
  await using packer = await startPacker();
  let bytes = 0;
  const { stream } = await packer.content(planShare(root), root).parcel(signal);
  for await (const piece of stream) bytes += piece.length;
  return bytes;
}

/** All that a reader may write: compiled code, apart from that of whoever starts it. */
const OWN_CODE = [`--allow-fs-write=${join(dirname(getCompileCacheDir() ?? ''), 'readers')}/*`];

/** Every process that opens something on a share, and what starts it. */
const READERS: readonly (readonly [
  child: string,
  threads: boolean,
  start: (root: string) => Promise<unknown>,
])[] = [
  ['scan-child', true, (root) => readScan(root)],
  ['open-child', false, (root) => tryOpen(target(root), [sharePath('dir/file')], options)],
  [
    'sidecar-child',
    false,
    (root) => readSidecars(target(root), [{ dir: sharePath('dir'), name: 'file' }], options),
  ],
  ['pack-child', true, pack],
];

/** Node's flags of the child while it does its work; one that was over before it was seen is started again. */
async function flagsOf(
  child: string,
  start: (root: string) => Promise<unknown>,
  root: string,
): Promise<readonly string[]> {
  let isOver = false;
  const work = start(root).finally(() => (isOver = true));
  const flags = await until(() => {
    const [pid] = shareChildren(child);
    return (pid !== undefined && flagsOfNode(pid)) || (isOver && 'unseen');
  });
  await work;
  return flags === 'unseen' ? await flagsOf(child, start, root) : flags;
}

function flagsOfNode(pid: number): readonly string[] | false {
  try {
    if (!readlinkSync(`/proc/${pid}/exe`).includes('node')) return false;
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
    const flags = argv.slice(
      1,
      argv.findIndex((arg) => arg.endsWith('-child.ts')),
    );
    return flags.length > 0 && flags;
  } catch {
    return false;
  }
}

/** What the hostile fixture gets under these flags; beside them it may only be read itself. */
async function tryUnder(flags: readonly string[], args: readonly string[]): Promise<readonly Tries[]> {
  const child = spawn(process.execPath, [...flags, `--allow-fs-read=${FIXTURE}`, FIXTURE, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: {},
  });
  const said = await text(child.stdio[3] as Readable);
  return said
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Tries);
}

const DENIED = 'ERR_ACCESS_DENIED';

const ALLOWED: Tries = {
  'reads a file of the share': 'content',
  'reads it by the number of a directory': 'content',
};

/** What the fixture could do that no reader may, and what it could not that one must. */
const breaches = (tries: Tries): string[] =>
  Object.entries(tries)
    .filter(([name, outcome]) => outcome !== (ALLOWED[name] ?? DENIED))
    .map(([name, outcome]) => `${name}: ${outcome}`);

describe('a process that opens files of the share', () => {
  it.each(READERS)(
    '%s: whatever runs in it reads the share and can do nothing else',
    async (child, threads, start) => {
      await using share = await buildShare({ 'dir/file': 'content' });
      await using outside = await buildShare({ secret: 'of somebody else' });
      await using server = await listening();

      const flags = await flagsOf(child, start, share.root);
      const [inProcess = {}, inThread = {}] = await tryUnder(flags, [
        ...[share.root, outside.root, String(server.port)],
      ]);

      expect(breaches(inProcess)).toEqual([]);
      expect(Object.keys(inProcess).length).toBeGreaterThan(20);
      expect(breaches(inThread)).toEqual([]);
      expect(Object.keys(inThread).length).toBe(threads ? Object.keys(inProcess).length : 1);
      expect(flags.join(' ')).not.toMatch(/--allow-(child-process|net|addons|wasi|ffi|inspector)/);
      expect(flags.filter((flag) => flag.startsWith('--allow-fs-write'))).toEqual(OWN_CODE);
    },
  );

  const at = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
  it.each([
    [
      'open-child',
      (share: string) => `
      import { systemClock as clock } from ${at('core/clock.ts')};
      import { tryOpen } from ${at('share/try-open.ts')};
      const options = { deadlineMs: 20_000, clock, signal: new AbortController().signal };
      await tryOpen({ name: 'lab', root: ${share} }, ['dir/file'], options);`,
      4,
    ],
    [
      'pack-child',
      (share: string) => `
      import { startPacker } from ${JSON.stringify(new URL('../support/open-parcel.ts', import.meta.url).href)};
      import { planShare } from ${JSON.stringify(new URL('../support/plan-share.ts', import.meta.url).href)};
      await using packer = await startPacker();
      const { stream } = await packer.content(planShare(${share}), ${share}).parcel(AbortSignal.timeout(20_000));
      await stream.resume().toArray();`,
      20,
    ],
  ])(
    "%s keeps its compiled code apart from the daemon's, and may write nothing else",
    async (_, program, files) => {
      await using share = await buildShare({ 'dir/file': 'content' });
      await using cache = await buildShare({}, { marker: false });

      const env = { NODE_COMPILE_CACHE: cache.root };
      const words = ['--input-type=module', '--eval', program(JSON.stringify(share.root))];
      const child = spawn(process.execPath, words, { env });
      const [code] = await once(child, 'exit');

      expect(code).toBe(0);
      expect(readdirSync(cache.path('readers'), { recursive: true }).length).toBeGreaterThanOrEqual(files);
    },
  );

  it('reads a share whose root is a link, and one whose name means something to a shell or to Node', async () => {
    await using share = await buildShare({ 'dir/file': 'content' });
    const names = ['link', '-rf a,b', "it's $(exit 1)* 日本"];
    await using links = await buildShare(
      Object.fromEntries(names.map((name) => [name, { symlink: share.root }])),
    );
    const sizeIn = async (name: string) => (await readScan(links.path(name))).entry('dir/file').size;

    expect(await Promise.all(names.map(sizeIn))).toEqual([7, 7, 7]);
    expect(
      await readSidecars(target(links.path('link')), [{ dir: sharePath('dir'), name: 'file' }], options),
    ).toEqual([{ content: Buffer.from('content') }]);
    expect(await pack(links.path('-rf a,b'))).toBeGreaterThan(7);
    await expect(
      proveShare({ ...target(links.path('link')), marker: MARKER }, options),
    ).resolves.toBeDefined();
  });
});

async function listening() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
