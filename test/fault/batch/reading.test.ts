import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PackerOptions } from '../../../src/batch/packer.ts';
import type { Content } from '../../../src/core/content.ts';
import { IngestError } from '../../../src/core/errors.ts';
import type { Batch } from '../../../src/core/model.ts';
import { type BuiltShare, buildShare } from '../../support/build-share.ts';
import { childPids, isAlive } from '../../support/child-pids.ts';
import { leapingClock } from '../../support/leaping-clock.ts';
import { startPacker } from '../../support/open-parcel.ts';
import { planShare } from '../../support/plan-share.ts';
import { untilPasses, untilTrue } from '../../support/until.ts';

/** Far more than every buffer on the way holds: after its first piece, the reader is still inside this file. */
const LARGE = 64 * 1024 * 1024;
const tree = { 'd/a-large.raw': { size: LARGE, mtime: Date.UTC(2026, 0, 1) }, 'd/e/later.txt': 'planned' };
const signal = new AbortController().signal;

type Change = (share: BuiltShare) => void;
const large = (share: BuiltShare): string => share.path('d/a-large.raw');
const later = (share: BuiltShare): string => share.path('d/e/later.txt');

function replaceBy(share: BuiltShare, make: (path: string) => void): void {
  rmSync(later(share));
  make(later(share));
}

/** How the pass over a batch fails when the share is changed at the given moment. */
async function failureOf(
  change: Change,
  moment: 'before' | 'while',
  mode: 'parcel' | 'files',
): Promise<IngestError> {
  await using share = await buildShare(tree, { marker: false });
  await using packer = await startPacker();
  const content = packer.content(planShare(share.root), share.root);
  if (moment === 'before') change(share);
  let pieces = 0;
  const onPiece = (): void => {
    pieces += 1;
    if (pieces === 1 && moment === 'while') change(share);
  };
  try {
    if (mode === 'parcel') {
      const { stream } = await content.parcel(signal);
      for await (const _ of stream) onPiece();
    } else {
      for await (const { body } of content.files(signal)) for await (const _ of body) onPiece();
    }
  } catch (thrown) {
    if (thrown instanceof IngestError) {
      return hasHashes(content)
        ? new IngestError('UNEXPECTED', 'a failed pass tells hashes', { hint: '' })
        : thrown;
    }
    throw thrown;
  }
  throw new Error('the pass ended as if nothing had happened');
}

function hasHashes(content: Content): boolean {
  try {
    return content.hashes().size > 0;
  } catch {
    return false;
  }
}

const CHANGES: readonly (readonly [string, 'before' | 'while', string, Change])[] = [
  ['grew', 'while', 'FILE_CHANGED', (share) => appendFileSync(large(share), 'x')],
  ['got shorter', 'while', 'FILE_CHANGED', (share) => truncateSync(large(share), LARGE - 1)],
  [
    'was rewritten with the same size and its old time',
    'while',
    'FILE_CHANGED',
    (share) => {
      execFileSync('sh', ['-c', 'printf x | dd of="$1" conv=notrunc status=none', 'sh', large(share)]);
      utimesSync(large(share), Date.UTC(2026, 0, 1) / 1000, Date.UTC(2026, 0, 1) / 1000);
    },
  ],
  [
    'was replaced by rename',
    'while',
    'FILE_CHANGED',
    (share) => {
      writeFileSync(`${large(share)}.new`, 'new');
      renameSync(`${large(share)}.new`, large(share));
    },
  ],
  ['was deleted while it was read', 'while', 'FILE_CHANGED', (share) => rmSync(large(share))],
  [
    'was renamed while it was read',
    'while',
    'FILE_CHANGED',
    (share) => renameSync(large(share), `${large(share)}.done`),
  ],
  ['lost its rights while it was read', 'while', 'FILE_CHANGED', (share) => chmodSync(large(share), 0o000)],
  ['to come was deleted', 'while', 'FILE_VANISHED', (share) => rmSync(later(share))],
  [
    'to come became a link',
    'while',
    'FILE_CHANGED',
    (share) => replaceBy(share, (path) => symlinkSync('/etc/hostname', path)),
  ],
  [
    'to come became a pipe',
    'while',
    'FILE_CHANGED',
    (share) => replaceBy(share, (path) => execFileSync('mkfifo', [path])),
  ],
  [
    'to come is below a directory that became a link',
    'while',
    'FILE_CHANGED',
    (share) => {
      renameSync(share.path('d/e'), share.path('d/real'));
      symlinkSync('real', share.path('d/e'));
    },
  ],
  ['had been deleted before', 'before', 'FILE_VANISHED', (share) => rmSync(later(share))],
  ['had grown before', 'before', 'FILE_CHANGED', (share) => appendFileSync(later(share), 'x')],
  ['had been touched before', 'before', 'FILE_CHANGED', (share) => utimesSync(later(share), 1, 1)],
  [
    'had become a directory',
    'before',
    'FILE_CHANGED',
    (share) => replaceBy(share, (path) => execFileSync('mkdir', [path])),
  ],
  [
    'is on a share that is gone',
    'before',
    'SHARE_UNREACHABLE',
    (share) => renameSync(share.root, `${share.root}.gone`),
  ],
];

describe.each(['parcel', 'files'] as const)('read as %s', (mode) => {
  test.each(CHANGES)(
    'trap 4: a file that %s (%s) fails the pass as %s',
    async (name, moment, code, change) => {
      const failure = await failureOf(change, moment, mode);

      expect({ name, code: failure.code }).toEqual({ name, code });
      expect(failure.hint).not.toBe('');
      expect(failure.context['path'] ?? failure.context['root']).toMatch(
        code.startsWith('FILE_') ? /^d\// : /^\//,
      );
      rmSync(`${String(failure.context['root'])}.gone`, { recursive: true, force: true });
    },
  );
});

test.runIf(process.getuid?.() === 0)(
  'a file the reading account may not read is FILE_UNREADABLE',
  async () => {
    await using share = await buildShare({
      open: { content: 'o', mode: 0o644 },
      shut: { content: 's', mode: 0o600 },
    });
    await using packer = await startPacker({ readAs: { uid: 65534, gid: 65534 } });
    chmodSync(share.root, 0o755);
    const read = async (batch: Batch): Promise<void> => {
      for await (const _ of (await packer.content(batch, share.root).parcel(signal)).stream);
    };

    await read(planShare(share.root, { only: (path) => path === 'open' }));
    const failing = read(planShare(share.root, { only: (path) => path === 'shut' }));

    await expect(failing).rejects.toMatchObject({ code: 'FILE_UNREADABLE', context: { path: 'shut' } });
  },
);

/** A pass under way: its first piece was read, its child is inside the large file. */
async function passUnderWay(share: BuiltShare, how: Partial<PackerOptions> = {}, stop = signal) {
  const packer = await startPacker(how);
  const before = childPids();
  const { stream } = await packer.content(planShare(share.root), share.root).parcel(stop);
  const pieces = stream[Symbol.asyncIterator]();
  await pieces.next();
  const [pid] = childPids().filter((child) => !before.includes(child));
  const drain = async (): Promise<void> => {
    while ((await pieces.next()).done !== true);
  };
  if (pid === undefined) throw new Error('no reader was started');
  return { pid, packer, drain, stream };
}

test('a reader that hangs is SHARE_STALLED, is killed, and the next pass is whole', async () => {
  await using share = await buildShare(tree);
  const { pid, packer, drain } = await passUnderWay(share, { stallMs: 3000 });
  await using _ = packer;
  process.kill(pid, 'SIGSTOP');

  await expect(drain()).rejects.toMatchObject({ code: 'SHARE_STALLED', disposition: 'retry' });

  await untilPasses(() => expect(isAlive(pid)).toBe(false));
  const { bytes, stream } = await packer.content(planShare(share.root), share.root).parcel(signal);
  let received = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) received += piece.length;
  expect(received).toBe(bytes);
});

test('a consumer that takes its time is no stall', async () => {
  await using share = await buildShare(tree);
  const clock = leapingClock();
  const { packer, drain, stream } = await passUnderWay(share, { stallMs: 20_000, clock });
  await using _ = packer;
  await untilTrue(() => stream.readableLength >= stream.readableHighWaterMark, 'the reader has to wait');
  await clock.leap(60_000);

  await expect(drain()).resolves.toBeUndefined();
});

test('a reader killed from outside is INTERRUPTED', async () => {
  await using share = await buildShare(tree);
  const { pid, packer, drain } = await passUnderWay(share);
  await using _ = packer;
  process.kill(pid, 'SIGKILL');

  await expect(drain()).rejects.toMatchObject({ code: 'INTERRUPTED', disposition: 'retry' });
});

test('a stopped delivery fails as INTERRUPTED and its reader is gone', async () => {
  await using share = await buildShare(tree);
  const stop = new AbortController();
  const { pid, packer, drain } = await passUnderWay(share, {}, stop.signal);
  await using _ = packer;
  stop.abort();

  await expect(drain()).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await untilPasses(() => expect(isAlive(pid)).toBe(false));
});

test('closing the packer ends every reader', async () => {
  await using share = await buildShare(tree);
  const { pid, packer, drain } = await passUnderWay(share);
  const failing = drain();

  await packer[Symbol.asyncDispose]();

  await expect(failing).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await untilPasses(() => expect(isAlive(pid)).toBe(false));
});

test('a reader does not outlive a parent that was killed', async () => {
  await using share = await buildShare(tree);
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', parentScript(share.root)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const [pid] = childPids(parent.pid);
  expect(line.toString()).toBe('reading\n');

  parent.kill('SIGKILL');

  await untilPasses(() => expect(isAlive(pid ?? process.pid)).toBe(false));
});

test.each(['parcel', 'files'])(
  'a pass over %s that fails before anybody reads it is told to the reader and does not end the daemon',
  async (mode) => {
    await using share = await buildShare({ 'd/a.txt': 'planned' }, { marker: false });
    const daemon = spawn(
      process.execPath,
      ['--input-type=module-typescript', '-e', lateReaderScript(share.root, mode)],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const said: Buffer[] = [];
    daemon.stdout.on('data', (bytes: Buffer) => said.push(bytes));

    const [code] = (await once(daemon, 'close')) as [number | null];

    expect({ code, said: Buffer.concat(said).toString() }).toEqual({ code: 0, said: 'FILE_VANISHED' });
  },
);

/** Begins a pass over a file that is gone, and reads only after its reader has failed and ended. */
function lateReaderScript(root: string, mode: string): string {
  const at = (path: string): string => JSON.stringify(join(import.meta.dirname, '../../..', path));
  return `
    import { rmSync } from 'node:fs';
    import { setImmediate } from 'node:timers/promises';
    import { createPacker } from ${at('src/batch/packer.ts')};
    import { systemClock } from ${at('src/core/clock.ts')};
    import { childPids } from ${at('test/support/child-pids.ts')};
    import { planShare } from ${at('test/support/plan-share.ts')};
    const root = ${JSON.stringify(root)};
    const batch = planShare(root);
    rmSync(root + '/d/a.txt');
    const signal = new AbortController().signal;
    const readerEnded = async () => {
      if (childPids().length === 0) throw new Error('no reader was started');
      while (childPids().length > 0) await setImmediate();
    };
    await using packer = createPacker({ clock: systemClock, stallMs: 20_000, spoolDir: root, version: '1.2.3' });
    const content = packer.content(batch, root);
    try {
      if (${JSON.stringify(mode)} === 'parcel') {
        const { stream } = await content.parcel(signal);
        await readerEnded();
        for await (const _ of stream);
      } else {
        for await (const { body } of content.files(signal)) {
          await readerEnded();
          for await (const _ of body);
        }
      }
    } catch (error) {
      process.stdout.write(error.code);
    }`;
}

function parentScript(root: string): string {
  const at = (path: string): string => JSON.stringify(join(import.meta.dirname, '../../..', path));
  return `
    import { createPacker } from ${at('src/batch/packer.ts')};
    import { systemClock } from ${at('src/core/clock.ts')};
    import { planShare } from ${at('test/support/plan-share.ts')};
    const root = ${JSON.stringify(root)};
    const packer = createPacker({ clock: systemClock, stallMs: 20_000, spoolDir: root, version: '1.2.3' });
    const { stream } = await packer.content(planShare(root), root).parcel(new AbortController().signal);
    await stream[Symbol.asyncIterator]().next();
    process.stdout.write('reading\\n');`;
}
