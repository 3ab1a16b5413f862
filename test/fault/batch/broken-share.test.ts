import { once } from 'node:events';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import type { Content } from '../../../src/core/content.ts';
import { shareName } from '../../../src/core/ids.ts';
import { scanShare } from '../../../src/share/scan-share.ts';
import { type BuiltShare, buildShare, MARKER } from '../../support/build-share.ts';
import { type FaultFs, lacksFaultFs, mountFaultFs } from '../../support/fault-fs.ts';
import { startLab } from '../../support/lab.ts';
import { startPacker } from '../../support/open-parcel.ts';
import { planShare } from '../../support/plan-share.ts';

const SIZE = 3 * 1024 * 1024;
const tree = { 'd/a.raw': { size: SIZE, mtime: Date.UTC(2026, 0, 1) }, 'd/b.txt': 'next', 'e/c.txt': 'last' };
const { signal } = new AbortController();

type Mounted = AsyncDisposable & { readonly root: string; readonly fs: FaultFs; readonly share: BuiltShare };

/** A share behind a file system with faults; the test is left out, with its reason, where that cannot be had. */
async function mounted(context: TestContext): Promise<Mounted> {
  const lacks = lacksFaultFs();
  if (lacks !== undefined) context.skip(lacks);
  const share = await buildShare(tree);
  const root = `${share.root}.mounted`;
  const fs = await mountFaultFs(share.root, root);
  return {
    ...{ root, fs, share },
    [Symbol.asyncDispose]: async () => {
      await fs[Symbol.asyncDispose]();
      await share[Symbol.asyncDispose]();
    },
  };
}

async function readAll(content: Content): Promise<number> {
  let bytes = 0;
  for await (const { body } of content.files(signal))
    for await (const piece of body as AsyncIterable<Buffer>) bytes += piece.length;
  return bytes;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

describe('a share on a broken disk or server', () => {
  test('an I/O error in the middle of a file is FILE_UNREADABLE for that file, and never a shorter one', async (context) => {
    await using there = await mounted(context);
    await using packer = await startPacker({ marker: MARKER });
    const batch = planShare(there.root, { only: (path) => path !== MARKER });
    there.fs.eio('d/a.raw', SIZE / 2);

    const failing = readAll(packer.content(batch, there.root));

    await expect(failing).rejects.toMatchObject({ code: 'FILE_UNREADABLE', context: { path: 'd/a.raw' } });
    there.fs.eio(undefined);
    expect(await readAll(packer.content(batch, there.root))).toBe(SIZE + 8);
  });

  test('a file system that dies while a file is read is SHARE_UNREACHABLE and blames no file', async (context) => {
    await using there = await mounted(context);
    await using packer = await startPacker({ marker: MARKER });
    const batch = planShare(there.root, { only: (path) => path !== MARKER });
    const { held } = there.fs.hold('d/a.raw');
    const failing = failureOf(readAll(packer.content(batch, there.root)));
    await held;

    there.fs.process.kill('SIGKILL');
    await once(there.fs.process, 'exit');

    expect(await failing).toMatchObject({ code: 'SHARE_UNREACHABLE', disposition: 'retry' });
  });

  test('a share that is unmounted while a file is read gives what was planned, and nothing else', async (context) => {
    await using there = await mounted(context);
    await using packer = await startPacker({ marker: MARKER });
    const batch = planShare(there.root, { only: (path) => path !== MARKER });
    const content = packer.content(batch, there.root);
    const { held, release } = there.fs.hold('d/a.raw');
    const reading = readAll(content);
    await held;

    there.fs.unmount();
    release();

    // What is open stays open: the reader goes on in the share that it began with, not in the empty mount point.
    expect(await reading).toBe(SIZE + 8);
    await expect(readAll(packer.content(batch, there.root))).rejects.toMatchObject({
      code: 'SHARE_UNREACHABLE',
    });
  });

  test('a share that is unmounted while it is looked at proves nothing: SHARE_UNREACHABLE', async (context) => {
    await using there = await mounted(context);
    const { held, release } = there.fs.hold('e');
    const target = { name: shareName('lab'), root: there.root };
    const { looks } = scanShare(target, { stallMs: 20_000, signal, clock: systemClock });
    const failing = failureOf(Array.fromAsync(looks));
    await held;

    there.fs.unmount();
    release();

    expect(await failing).toMatchObject({ code: 'SHARE_UNREACHABLE' });
  });

  test('an I/O error in a file is told in the report, its neighbours go, and it follows when it can be read', async (context) => {
    const lacks = lacksFaultFs();
    if (lacks !== undefined) return context.skip(lacks);
    await using lab = await startLab();
    const source = join(lab.root, 'source');
    await rename(lab.share, source);
    await mkdir(join(source, 'SEM1/mueller/run'), { recursive: true });
    for (const name of ['a', 'b', 'c'])
      await writeFile(join(source, 'SEM1/mueller/run', name), name.repeat(9));
    await using fs = await mountFaultFs(source, lab.share);
    fs.eio('SEM1/mueller/run/b');

    const first = await lab.evening();
    fs.eio(undefined);
    const second = await lab.evening();

    expect(first).toMatchObject({ outcome: 'attention', balanced: true });
    expect([first.buckets.delivered.files, first.buckets.unreadable.files]).toEqual([2, 1]);
    expect(first.notes).toContainEqual(
      expect.objectContaining({
        where: 'SEM1/mueller/run/b',
        reason: expect.stringContaining('the last attempt to read it failed'),
      }),
    );
    expect(second.buckets).toMatchObject({ delivered: { files: 1 }, unchanged: { files: 2 } });
  });
});
