import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { IngestError } from '../../../src/core/errors.ts';
import { shareName } from '../../../src/core/ids.ts';
import { sharePath } from '../../../src/core/share-path.ts';
import { scanShare } from '../../../src/share/scan-share.ts';
import { buildShare } from '../../support/build-share.ts';
import { readScan, scanDefaults } from '../../support/read-scan.ts';
import { shareChildren, until } from '../../support/share-children.ts';

const scanChild = () => until(() => shareChildren('scan-child')[0]);
const noChildLeft = () => until(() => shareChildren('scan-child').length === 0);

/** The failure of a scan, caught at once so that it is never unhandled. */
const failure = (scan: Promise<unknown>): Promise<unknown> =>
  scan.then(
    () => 'no failure',
    (error: unknown) => error,
  );

// Some tests must catch a process that lives for a tenth of a second: one that comes too late tries again.
describe('a scan', { retry: 3 }, () => {
  test('of a share that hangs is given up, and its process killed without waiting', async () => {
    await using share = await buildShare({ 'a/x': '1' });

    const failed = failure(readScan(share.root, { stallMs: 300 }));
    process.kill(await scanChild(), 'SIGSTOP');

    const error = await failed;
    expect(error).toBeInstanceOf(IngestError);
    expect(error).toMatchObject({ code: 'SHARE_STALLED', disposition: 'retry' });
    await noChildLeft();
    expect((await readScan(share.root)).totals.files).toBe(2);
  });

  test('whose process is killed fails and leaves no totals', async () => {
    await using share = await buildShare({ 'a/x': '1' });
    const scan = scanShare({ name: shareName('lab'), root: share.root }, scanDefaults());

    const failed = failure(Array.fromAsync(scan.looks));
    process.kill(await scanChild(), 'SIGKILL');

    expect(await failed).toMatchObject({ code: 'INTERRUPTED', message: expect.stringContaining('SIGKILL') });
    expect(() => scan.totals()).toThrow(/has not ended/);
  });

  test('that is aborted ends with the reason of the abort and leaves no process', async () => {
    await using share = await buildShare({ 'a/x': '1' });
    const stop = new AbortController();

    const failed = failure(readScan(share.root, { signal: stop.signal }));
    process.kill(await scanChild(), 'SIGSTOP');
    stop.abort(new Error('shutting down'));

    expect(await failed).toMatchObject({ message: 'shutting down' });
    await noChildLeft();
  });

  test('that is aborted before it began starts no process', async () => {
    const signal = AbortSignal.abort(new Error('too late'));

    expect(await failure(readScan('/', { signal }))).toMatchObject({ message: 'too late' });
    expect(shareChildren('scan-child')).toEqual([]);
  });

  test('that nobody reads on is stopped', async () => {
    await using share = await buildShare({ 'a/x': '1' });
    const scan = scanShare({ name: shareName('lab'), root: share.root }, scanDefaults());

    for await (const looks of scan.looks) {
      expect(looks.length).toBeGreaterThan(0);
      break;
    }

    await noChildLeft();
    expect(() => scan.totals()).toThrow(/has not ended/);
  });

  test('of a root that is not there says that the share is unreachable', async () => {
    await using share = await buildShare();

    expect(await failure(readScan(share.path('nothing')))).toMatchObject({
      code: 'SHARE_UNREACHABLE',
      context: { errno: 'ENOENT' },
    });
  });

  test('of a root that is a file is left to a person', async () => {
    await using share = await buildShare({ file: 'x' });

    expect(await failure(readScan(share.path('file')))).toMatchObject({ code: 'SHARE_NOT_PROVEN' });
  });

  test('during which another directory took the place of the root proves nothing', async () => {
    await using share = await buildShare({ 'root/a/x': '1', 'other/b': '2' });

    const failed = failure(readScan(share.path('root')));
    // Entered by the child, but not yet looked at: it is still loading its threads.
    const pid = await scanChild();
    await until(() => isNode(pid) && existsSync(`/proc/${pid}/cwd/a`));
    process.kill(pid, 'SIGSTOP');
    await rename(share.path('root'), share.path('moved'));
    await rename(share.path('other'), share.path('root'));
    process.kill(pid, 'SIGCONT');

    expect(await failed).toMatchObject({ code: 'SHARE_UNREACHABLE', context: { errno: 'ESTALE' } });
  });

  test('as an account that only root could become is refused before it begins', async () => {
    await using share = await buildShare();
    const euid = process.geteuid;
    const uid = euid?.() ?? 0;
    process.geteuid = () => 4711;

    try {
      const error = await failure(readScan(share.root, { readAs: { uid: uid + 1, gid: 1 } }));
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    } finally {
      if (euid !== undefined) process.geteuid = euid;
    }
  });

  test('keeps its memory flat while a slow reader makes it wait', async () => {
    const long = 'n'.repeat(200);
    const tree = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`big/${long}${n}`, 'x']));
    await using share = await buildShare(tree);
    const peakOf = async (times: number): Promise<number> => {
      const dirs = Array.from({ length: times }, () => sharePath('big'));
      const scan = scanShare({ name: shareName('lab'), root: share.root }, { ...scanDefaults(), dirs });
      let peak = 0;
      for await (const looks of scan.looks) {
        const bytes = looks.reduce((sum, look) => sum + look.listing.length, 0);
        expect(bytes).toBeLessThan(9 * 1024 * 1024);
        for (const pid of shareChildren('scan-child')) peak = Math.max(peak, peakKib(pid));
      }
      expect(scan.totals().files).toBe(500 * times);
      return peak;
    };

    const [short, tenfold] = [await peakOf(100), await peakOf(800)];

    // 94 MB of listings went through in the second scan.
    expect(tenfold - short).toBeLessThan(50 * 1024);
  });
});

describe('the process that touches the share', () => {
  test('ends when the one that started it is killed', async () => {
    await using share = await buildShare({ 'a/x': '1' });
    const module = new URL('../../../src/share/share-child.ts', import.meta.url).href;
    const parent = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `import { startShareChild } from ${JSON.stringify(module)};
       const child = startShareChild('scan-child', 1, { unknown: 'request' , threads: 0, root: ${JSON.stringify(share.root)} });
       process.stdout.write(String(child.process.pid));`,
    ]);
    const pid = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
    expect(existsSync(`/proc/${pid}`)).toBe(true);

    parent.kill('SIGKILL');

    expect(await until(() => !existsSync(`/proc/${pid}`) || isZombie(pid))).toBe(true);
  });
});

/** A child is a shell for its first instant, which finds out where the root leads. */
const isNode = (pid: number): boolean => readlinkSync(`/proc/${pid}/exe`).includes('node');

function peakKib(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function isZombie(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return true;
  }
}
