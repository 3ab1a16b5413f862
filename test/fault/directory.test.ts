import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statfsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Content } from '../../src/core/content.ts';
import { contentOf } from '../support/content.ts';
import { waitingTimeMs } from '../support/current-test.ts';
import { directoryCopies, failureOf, texts } from '../support/directory-copies.ts';
import { numberedFiles } from '../support/numbered-files.ts';
import { readTree } from '../support/read-tree.ts';
import { asRoot, smallDisk, temporaryDir } from '../support/small-disk.ts';

const SENDER = fileURLToPath(new URL('../support/send-to-directory.ts', import.meta.url));

describe('a directory destination whose disk is full', () => {
  it('refuses a batch that cannot fit before it writes a byte, with the numbers', async (context) => {
    await using disk = await smallDisk(context, 'size=2m');
    await using copies = await directoryCopies({ root: disk.root });

    const error = await failureOf(
      copies.deliver(contentOf({ owner: 'ada', files: numberedFiles(40, 100_000) })),
    );

    expect(error).toMatchObject({ code: 'DISK_FULL', disposition: 'operator' });
    expect(error.message).toMatch(/3\.9 MiB are needed at .*, 2 MiB are free/);
    expect((await copies.data('ada')).size).toBe(0);
  });

  it('gives the room back when the disk fills up on the way, and delivers once there is room', async (context) => {
    await using disk = await smallDisk(context, 'size=4m');
    await using copies = await directoryCopies({ root: disk.root });
    const files = numberedFiles(20, 100_000);
    let filled = false;
    const content = contentOf({
      owner: 'ada',
      files,
      onPiece: (bytes) => {
        if (bytes < 800_000 || filled) return;
        filled = true;
        spawnSync('dd', ['if=/dev/zero', `of=${disk.root}/of-another`, 'bs=64k', 'count=1000']);
      },
    });

    const error = await failureOf(copies.deliver(content));

    expect(error).toMatchObject({ code: 'DISK_FULL', context: { errno: 'ENOSPC' } });
    expect((await copies.data('ada')).size).toBe(0);
    expect(await copies.incoming('ada')).toEqual([]);
    await rm(join(disk.root, 'of-another'));
    await copies.deliver(contentOf({ owner: 'ada', files }));
    expect(wrongOf(await copies.data('ada'), files)).toEqual([]);
  });

  it('notices that there are no inodes left for the files', async (context) => {
    await using disk = await smallDisk(context, 'size=4m,nr_inodes=30');
    await using copies = await directoryCopies({ root: disk.root });

    const error = await failureOf(copies.deliver(contentOf({ owner: 'ada', files: numberedFiles(60, 1) })));

    expect(error.code).toBe('DISK_FULL');
    expect(error.message).toContain('60 inodes are needed');
  });

  it('says DISK_FULL when no inode is left for a container or a receipt, and goes on with inodes', async (context) => {
    await using disk = await smallDisk(context, 'size=4m,nr_inodes=60');
    await using copies = await directoryCopies({ root: disk.root });
    const content = contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } });
    await copies.open('ada');
    await copies.send(content);
    await mkdir(join(disk.root, 'full'));
    while (statfsSync(disk.root).ffree > 0) await mkdtemp(join(disk.root, 'full', 'x'));

    const errors = [await failureOf(copies.open('bob')), await failureOf(copies.close(content))];

    expect(errors.map(({ code }) => code)).toEqual(['DISK_FULL', 'DISK_FULL']);
    await rm(join(disk.root, 'full'), { recursive: true });
    await copies.open('bob');
    expect(await copies.close(content)).toMatchObject({ evidence: 'verified' });
  });
});

describe('a directory destination that cannot be written', () => {
  it('asks for a person when the root is mounted read-only, at every step', async (context) => {
    await using disk = await smallDisk(context, 'size=4m');
    await using copies = await directoryCopies({ root: disk.root });
    const content = contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } });
    await copies.open('ada');
    await copies.send(content);
    asRoot('mount', ['-o', 'remount,ro', disk.root]);

    const call = { token: undefined, signal: new AbortController().signal };
    const another = contentOf({ owner: 'ada', files: { 'SEM1/b': 'b' } });
    const errors = [
      await failureOf(copies.destination.check(call)),
      await failureOf(copies.open('bob')),
      await failureOf(copies.send(another)),
      await failureOf(copies.close(content)),
    ];

    expect(errors.map((error) => error.code)).toEqual(errors.map(() => 'DESTINATION_UNUSABLE'));
    expect(errors.every((error) => error.disposition === 'operator' && error.message.includes('EROFS'))).toBe(
      true,
    );
  });

  it('refuses to go on into another file system that is mounted inside', async (context) => {
    await using copies = await directoryCopies();
    await copies.open('ada');
    await mkdir(copies.path('ada/data/lab'));
    await using disk = await smallDisk(context, 'size=4m', copies.path('ada/data/lab'));

    const error = await failureOf(copies.send(contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } })));

    expect(error).toMatchObject({ code: 'TARGET_CONFLICT', context: { errno: 'EXDEV' } });
    expect((await readTree(disk.root)).size).toBe(0);
  });
});

describe('a process that is killed while it sends to a directory', () => {
  it.each([
    ['before the first byte', 0],
    ['between two files', 300 * 2000],
    ['before the last file', 599 * 2000],
  ])('leaves nothing that could be taken for delivered when it dies %s', async (_, killBefore) => {
    await using copies = await directoryCopies();
    const files = numberedFiles(600, 2000);

    const signal = await killed(copies.root, [600, 2000, killBefore]);
    const left = await copies.data('ada');
    await copies.deliver(contentOf({ owner: 'ada', files }));

    expect(signal).toBe('SIGKILL');
    expect(left.size).toBe(0);
    expect(wrongOf(await copies.data('ada'), files)).toEqual([]);
    expect(await copies.incoming('ada')).toEqual([]);
  });

  it('dies while files are being put in their places: what is there is whole, and the rest follows', async () => {
    await using copies = await directoryCopies();
    const files = numberedFiles(1500, 500);

    const signal = await killed(
      copies.root,
      [1500, 500],
      copies.path('ada/data/lab/SEM1/stack/00/frame-00000.raw'),
    );
    const left = await copies.data('ada');
    const broken = wrongOf(left, files).filter((line) => !line.startsWith('missing'));
    await copies.deliver(contentOf({ owner: 'ada', files }));

    expect(signal).toBe('SIGKILL');
    expect(left.size).toBeGreaterThan(0);
    expect(broken).toEqual([]);
    expect(wrongOf(await copies.data('ada'), files)).toEqual([]);
    expect(await copies.incoming('ada')).toEqual([]);
  });
});

describe('an attempt that was given up beside the one that took over', () => {
  const files = { 'SEM1/a': 'aaaa', 'SEM1/b': 'bbbb', 'SEM1/deep/c': 'cccc' };
  const wanted = { 'lab/SEM1/a': 'aaaa', 'lab/SEM1/b': 'bbbb', 'lab/SEM1/deep/c': 'cccc' };

  it('fails as LEASE_LOST when its files were cleared, and the newer one delivers', async () => {
    await using copies = await directoryCopies();
    await copies.open('ada');
    const newer = attempt(2, files);
    const older = attempt(1, files, async () => await copies.send(newer));

    const error = await failureOf(copies.send(older));

    expect(error).toMatchObject({ code: 'LEASE_LOST' });
    expect((await copies.close(newer)).evidence).toBe('verified');
    expect(texts(await copies.data('ada'))).toEqual(wanted);
    expect(await copies.incoming('ada')).toEqual([]);
  });

  it('places its own whole files and none that the newer one is writing', async () => {
    await using copies = await directoryCopies();
    await copies.open('ada');
    let between: Readonly<Record<string, string>> = {};
    const older = attempt(1, files);
    const newer = attempt(2, files, async () => {
      await copies.send(older);
      between = texts(await copies.data('ada'));
      expect(await copies.incoming('ada')).toEqual([`${older.batch.id}.2`]);
    });

    await copies.send(newer);

    expect(between).toEqual(wanted);
    expect((await copies.close(newer)).evidence).toBe('verified');
    expect(texts(await copies.data('ada'))).toEqual(wanted);
    expect(await copies.incoming('ada')).toEqual([]);
  });

  it('does not let a name that was taken meanwhile pass when its content is another', async () => {
    await using copies = await directoryCopies();
    await copies.open('ada');
    const newer = attempt(2, files, async () => {
      await mkdir(copies.path('ada/data/lab/SEM1'), { recursive: true });
      await writeFile(copies.path('ada/data/lab/SEM1/b'), 'BBBB');
    });

    const error = await failureOf(copies.send(newer));

    expect(error).toMatchObject({ code: 'TARGET_CONFLICT', context: { paths: ['SEM1/b (other content)'] } });
    expect(texts(await copies.data('ada'))['lab/SEM1/b']).toBe('BBBB');
  });
});

/** That attempt of one batch; `amid` happens once, in the middle of its second file. */
function attempt(
  epoch: number,
  files: Readonly<Record<string, string>>,
  amid: () => Promise<void> = async () => undefined,
): Content {
  const content = contentOf({ owner: 'ada', files, piece: 2 });
  return {
    ...content,
    batch: { ...content.batch, epoch },
    files: async function* (signal) {
      let at = 0;
      for await (const { file, body } of content.files(signal)) {
        yield { file, body: at === 1 ? interrupted(body, amid) : body };
        at += 1;
      }
    },
  };
}

async function* interrupted(
  body: AsyncIterable<Uint8Array>,
  amid: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let pieces = 0;
  for await (const piece of body) {
    if (pieces === 1) await amid();
    pieces += 1;
    yield piece;
  }
}

describe('a symbolic link in the tree of a directory destination', () => {
  it.each(['ada', 'ada/data', 'ada/data/lab', 'ada/data/lab/SEM1', 'ada/.incoming'])(
    'is not followed out of the root: %s',
    async (where) => {
      await using copies = await directoryCopies();
      await using outside = await temporaryDir();
      await copies.deliver(contentOf({ owner: 'ada', files: { 'SEM1/first': 'first' } }));
      await rename(copies.path(where), join(outside.root, 'moved'));
      await symlink(join(outside.root, 'moved'), copies.path(where));
      const before = texts(await readTree(outside.root));

      const error = await failureOf(copies.send(contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } })));

      expect(error).toMatchObject({ code: 'TARGET_CONFLICT', disposition: 'operator' });
      expect(texts(await readTree(outside.root))).toEqual(before);
    },
  );

  it.each(['ada/manifests', 'ada/receipts'])(
    'does not take the evidence out of the root: %s',
    async (where) => {
      await using copies = await directoryCopies();
      await using outside = await temporaryDir();
      const content = contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } });
      await copies.open('ada');
      await copies.send(content);
      await rm(copies.path(where), { recursive: true });
      await symlink(outside.root, copies.path(where));

      const error = await failureOf(copies.close(content));

      expect(error.code).toBe('TARGET_CONFLICT');
      expect(await readdir(outside.root)).toEqual([]);
    },
  );

  it('is not written through, nor taken for the file, when it has the name of a file', async () => {
    await using copies = await directoryCopies();
    await using outside = await temporaryDir();
    await writeFile(join(outside.root, 'precious'), 'a');
    const content = contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } });
    await copies.deliver(content);
    await rm(copies.path('ada/data/lab/SEM1/a'));
    await symlink(join(outside.root, 'precious'), copies.path('ada/data/lab/SEM1/a'));

    const closing = await failureOf(copies.close(content));
    const sending = await failureOf(copies.send(content));

    expect(closing).toMatchObject({ code: 'RECEIPT_MISMATCH', context: { paths: ['SEM1/a (not a file)'] } });
    expect(sending).toMatchObject({ code: 'TARGET_CONFLICT', context: { paths: ['SEM1/a (not a file)'] } });
    expect(texts(await readTree(outside.root))).toEqual({ precious: 'a' });
  });
});

describe('a file that is damaged between send and close', () => {
  it.each([
    ['one byte of it is another', 'other content', async (path: string) => await flipByte(path, 2_000_000)],
    ['it is shorter', 'other size', async (path: string) => await truncate(path, 1_999_999)],
    ['it is gone', 'missing', async (path: string) => await rm(path)],
  ])('gets no receipt when %s', async (_, found, damage) => {
    await using copies = await directoryCopies();
    const content = contentOf({
      owner: 'ada',
      files: { 'SEM1/a': 'a', 'SEM1/b.raw': Buffer.alloc(3_000_000, 7) },
    });
    await copies.open('ada');
    await copies.send(content);
    await damage(copies.path('ada/data/lab/SEM1/b.raw'));

    const error = await failureOf(copies.close(content));

    expect(error).toMatchObject({
      code: 'RECEIPT_MISMATCH',
      disposition: 'operator',
      context: { wrong: 1, paths: [`SEM1/b.raw (${found})`] },
    });
    expect(await readdir(copies.path('ada/receipts'))).toEqual([]);
  });
});

/** Lines about every file that is not there as it was sent, and about every other one. */
function wrongOf(
  tree: ReadonlyMap<string, Buffer>,
  files: Readonly<Record<string, Buffer>>,
): readonly string[] {
  const wanted = new Map<string, Buffer>(
    Object.entries(files).map(([path, bytes]) => [`lab/${path}`, bytes] as const),
  );
  const surplus = [...tree.keys()].filter((path) => !wanted.has(path)).map((path) => `surplus ${path}`);
  const wrong = [...wanted].flatMap(([path, bytes]) => {
    const found = tree.get(path);
    if (found === undefined) return [`missing ${path}`];
    return found.equals(bytes) ? [] : [`other content ${path}`];
  });
  return [...surplus, ...wrong];
}

/** Runs the sender until it kills itself, or kills it as soon as `whenThere` exists; answers with the signal it died of. */
async function killed(
  root: string,
  args: readonly number[],
  whenThere?: string,
): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, [SENDER, root, ...args.map(String)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  if (whenThere !== undefined) {
    const deadline = performance.now() + waitingTimeMs();
    while (!existsSync(whenThere) && child.exitCode === null && performance.now() < deadline)
      await setImmediate();
    child.kill('SIGKILL');
  }
  await exited;
  return child.signalCode;
}

async function flipByte(path: string, at: number): Promise<void> {
  await using handle = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  await handle.write(Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, at);
}
