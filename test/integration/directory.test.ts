import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Content } from '../../src/core/content.ts';
import { decodeBytes, type SharePath } from '../../src/core/share-path.ts';
import { contentOf, passOver } from '../support/content.ts';
import { directoryCopies, failureOf, noCredential, texts } from '../support/directory-copies.ts';

const run = promisify(execFile);

describe('a directory destination', () => {
  it('keeps data, manifests and receipts of an owner in one place', async () => {
    await using copies = await directoryCopies();
    const content = contentOf({ owner: 'ada', files: { 'SEM1/run1/a.tif': 'a', 'SEM1/b': 'bb' } });
    const { id } = content.batch;

    const receipt = await copies.deliver(content);

    expect(receipt).toEqual({
      evidence: 'verified',
      how: 'read back, and the SHA-256 compared: 2 files',
      location: copies.path('ada/data/lab'),
      files: 2,
      bytes: 3,
    });
    expect(texts(await copies.data('ada'))).toEqual({ 'lab/SEM1/run1/a.tif': 'a', 'lab/SEM1/b': 'bb' });
    expect(await readdir(copies.path('ada/manifests'))).toEqual([`${id}.json`, `${id}.sha256`]);
    expect(await readFile(copies.path(`ada/manifests/${id}.json`), 'utf8')).toBe(content.manifest().json);
    const written: unknown = JSON.parse(await readFile(copies.path(`ada/receipts/${id}.json`), 'utf8'));
    expect(written).toMatchObject({ ...receipt, batchId: id, owner: 'ada', targetDir: 'lab' });
    expect(await copies.incoming('ada')).toEqual([]);
  });

  it('can be checked years later with sha256sum, from inside the target directory', async () => {
    await using copies = await directoryCopies();
    const files = {
      'SEM1/a.tif': 'a',
      'SEM1/with space': 'b',
      'SEM1/back\\slash': 'c',
      'SEM1/new\nline': 'd',
    };
    const content = contentOf({ owner: 'ada', files, addendum: true });

    await copies.deliver(content);

    const cwd = copies.path('ada/data', content.targetDir);
    const sums = copies.path(`ada/manifests/${content.batch.id}.sha256`);
    const { stdout } = await run('sha256sum', ['--strict', '-c', sums], { cwd, env: { LC_ALL: 'C' } });
    expect(stdout.match(/: OK$/gm)).toHaveLength(4);
    await writeFile(`${cwd}/SEM1/a.tif`, 'z');
    await expect(run('sha256sum', ['-c', sums], { cwd })).rejects.toMatchObject({ code: 1 });
  });

  it('gives files the time of the share, and the group may read whatever the umask is', async () => {
    await using copies = await directoryCopies();
    const mtimeMs = Date.UTC(2019, 1, 3, 4, 5, 6, 789);
    const before = process.umask(0o077);
    try {
      await copies.deliver(contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' }, mtimeMs }));
    } finally {
      process.umask(before);
    }

    const mode = async (path: string) => ((await stat(copies.path(path))).mode & 0o777).toString(8);
    expect((await stat(copies.path('ada/data/lab/SEM1/a'))).mtimeMs).toBeCloseTo(mtimeMs, 2);
    expect(await mode('ada/data/lab/SEM1/a')).toBe('640');
    expect(await mode('ada/data/lab/SEM1')).toBe('750');
    expect(await mode('ada')).toBe('750');
    expect(await mode(`ada/receipts/${(await readdir(copies.path('ada/receipts')))[0] ?? ''}`)).toBe('640');
  });

  it('keeps the time of a file from before 1970', async () => {
    await using copies = await directoryCopies();
    const mtimeMs = Date.UTC(1969, 6, 20);

    await copies.deliver(contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' }, mtimeMs }));

    expect((await stat(copies.path('ada/data/lab/SEM1/a'))).mtimeMs).toBe(mtimeMs);
  });

  it('keeps a name that is not UTF-8 byte for byte', async () => {
    await using copies = await directoryCopies();
    const name = Buffer.from([0x6d, 0xfc, 0x6c, 0x6c]);

    await copies.deliver(contentOf({ owner: 'ada', files: { [`SEM1/${decodeBytes(name)}`]: 'latin-1' } }));

    const names = await readdir(copies.path('ada/data/lab/SEM1'), { encoding: 'buffer' });
    expect(names.map((found) => found.toString('hex'))).toEqual([name.toString('hex')]);
  });

  it('leaves a file that is already there alone when the batch comes again', async () => {
    await using copies = await directoryCopies();
    const plan = { owner: 'ada', files: { 'SEM1/a': 'first', 'SEM1/b': 'second' } };
    await copies.deliver(contentOf(plan));
    await rm(copies.path('ada/data/lab/SEM1/b'));
    const before = await stat(copies.path('ada/data/lab/SEM1/a'));

    await copies.deliver(contentOf(plan));

    const after = await stat(copies.path('ada/data/lab/SEM1/a'));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
    expect(texts(await copies.data('ada'))).toEqual({ 'lab/SEM1/a': 'first', 'lab/SEM1/b': 'second' });
  });

  it.each(['hash', 'size'] as const)(
    'replaces no other content of the same size (verify: %s), and puts nothing else of the batch there',
    async (verify) => {
      await using copies = await directoryCopies({ verify });
      await copies.deliver(contentOf({ owner: 'ada', files: { 'SEM1/b': 'monday!' } }));
      const other = contentOf({ owner: 'ada', files: { 'SEM1/a': 'a', 'SEM1/b': 'tuesday', 'SEM1/c': 'c' } });

      const error = await failureOf(copies.deliver(other));

      expect(error).toMatchObject({
        code: 'TARGET_CONFLICT',
        context: { paths: ['SEM1/b (other content)'] },
      });
      expect(texts(await copies.data('ada'))).toEqual({ 'lab/SEM1/b': 'monday!' });
      expect(await copies.incoming('ada')).toEqual([]);
    },
  );

  it('names every conflict at once, before it reads the content', async () => {
    await using copies = await directoryCopies();
    await copies.deliver(contentOf({ owner: 'ada', files: { 'SEM1/a': 'short', 'SEM1/b': 'short' } }));
    await mkdir(copies.path('ada/data/lab/SEM1/c'));
    let read = 0;
    const other = contentOf({
      owner: 'ada',
      files: { 'SEM1/a': 'longer than it', 'SEM1/b': 'also longer', 'SEM1/c': 'c', 'SEM1/d': 'd' },
      onPiece: () => {
        read += 1;
      },
    });

    const error = await failureOf(copies.send(other));

    expect(error.code).toBe('TARGET_CONFLICT');
    expect(error.context['paths']).toEqual([
      'SEM1/a (other size)',
      'SEM1/b (other size)',
      'SEM1/c (not a file)',
    ]);
    expect(read).toBe(0);
  });

  it('refuses a batch that needs a directory where a file is', async () => {
    await using copies = await directoryCopies();
    await copies.deliver(contentOf({ owner: 'ada', files: { 'SEM1/run1': 'a file' } }));

    const error = await failureOf(copies.deliver(contentOf({ owner: 'ada', files: { 'SEM1/run1/a': 'a' } })));

    expect(error.code).toBe('TARGET_CONFLICT');
    expect(error.message).toContain('ada/data/lab/SEM1/run1');
    expect(texts(await copies.data('ada'))).toEqual({ 'lab/SEM1/run1': 'a file' });
  });

  it("refuses to put one owner's batch into the directory of another", async () => {
    await using copies = await directoryCopies();
    const bob = await copies.open('bob');
    await copies.open('ada');
    const content = contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } });

    const error = await failureOf(copies.destination.send(bob, content, noCredential));

    expect(error.code).toBe('TARGET_CONFLICT');
    expect((await copies.data('bob')).size + (await copies.data('ada')).size).toBe(0);
  });

  it('does not make a lost owner directory again: the disk may not be mounted', async () => {
    await using copies = await directoryCopies();
    await copies.open('ada');
    await rm(copies.path('ada'), { recursive: true });

    const error = await failureOf(copies.send(contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } })));

    expect(error).toMatchObject({ code: 'DESTINATION_UNUSABLE', disposition: 'operator' });
    expect(await readdir(copies.root)).toEqual([]);
  });

  it.each(['..', '../bob', '.incoming', 'a/b', ''])(
    'makes no directory for an owner called %j',
    async (name) => {
      await using copies = await directoryCopies();

      const error = await failureOf(copies.open(name));

      expect(error.code).toBe('PATH_UNREPRESENTABLE');
    },
  );

  it.each(['../escaped', 'SEM1/../../escaped', '/etc/escaped', 'SEM1//a', ''])(
    'refuses the path %j, whoever made it',
    async (path) => {
      await using copies = await directoryCopies();
      await copies.open('ada');

      const error = await failureOf(copies.send(withFirstPath({ 'SEM1/a': 'a' }, path)));

      expect(error.code).toBe('PATH_UNREPRESENTABLE');
      expect((await copies.data('ada')).size).toBe(0);
    },
  );

  it('rejects a name that the file system cannot hold, and leaves nothing', async () => {
    await using copies = await directoryCopies();
    const files = { 'SEM1/a': 'a', [`SEM1/${'x'.repeat(256)}`]: 'b' };

    const error = await failureOf(copies.deliver(contentOf({ owner: 'ada', files })));

    expect(error).toMatchObject({ code: 'PATH_UNREPRESENTABLE', disposition: 'permanent' });
    expect((await copies.data('ada')).size).toBe(0);
    expect(await copies.incoming('ada')).toEqual([]);
  });

  it('removes what an interrupted attempt left, of another batch too', async () => {
    await using copies = await directoryCopies();
    await copies.open('ada');
    await mkdir(copies.path('ada/.incoming/b-old/SEM1/deep'), { recursive: true });
    await writeFile(copies.path('ada/.incoming/b-old/SEM1/deep/half'), 'ha');

    await copies.deliver(contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } }));

    expect(await copies.incoming('ada')).toEqual([]);
  });

  it('keeps what was staged when it is aborted, and touches nothing more', async () => {
    await using copies = await directoryCopies();
    const controller = new AbortController();
    const content = contentOf({
      owner: 'ada',
      files: { 'SEM1/a': 'a', 'SEM1/b': 'b', 'SEM1/c': 'c' },
      onPiece: (bytes) => {
        if (bytes === 1) controller.abort();
      },
    });
    const container = await copies.open('ada');

    const sending = copies.destination.send(container, content, {
      token: undefined,
      signal: controller.signal,
    });

    expect(await failureOf(sending)).toMatchObject({ code: 'INTERRUPTED', disposition: 'retry' });
    expect((await copies.data('ada')).size).toBe(0);
    expect(await readdir(copies.path('ada/.incoming', `${content.batch.id}.1`, 'SEM1'))).toEqual(['a', 'b']);
  });

  it('does not close a batch that was never sent, and writes no receipt', async () => {
    await using copies = await directoryCopies();
    await copies.open('ada');
    const content = contentOf({ owner: 'ada', files: { 'SEM1/a': 'a', 'SEM1/b': 'b' } });
    await passOver(content);

    const error = await failureOf(copies.close(content));

    expect(error).toMatchObject({ code: 'RECEIPT_MISMATCH', context: { wrong: 2 } });
    expect(await readdir(copies.path('ada/receipts'))).toEqual([]);
    expect(await readdir(copies.path('ada/manifests'))).toEqual([]);
  });

  it('says in the receipt when only sizes were compared', async () => {
    await using copies = await directoryCopies({ verify: 'size' });

    const receipt = await copies.deliver(contentOf({ owner: 'ada', files: { 'SEM1/a': 'a' } }));

    expect(receipt.how).toBe('names and sizes read back, the content not compared: 1 file');
  });

  it('checks a root that is there, one that can be made, and one that cannot', async () => {
    await using copies = await directoryCopies();
    expect(await copies.destination.check(noCredential)).toMatch(
      /does not exist yet and will be made .* free;/,
    );
    await copies.open('ada');
    expect(await copies.destination.check(noCredential)).toMatch(
      /can be written, .* of .* free; each file is read back/,
    );

    await using without = await directoryCopies({ root: copies.path('no/such/place') });
    const missing = await failureOf(without.destination.check(noCredential));
    await writeFile(copies.path('a-file'), '');
    await using onFile = await directoryCopies({ root: copies.path('a-file') });
    const file = await failureOf(onFile.destination.check(noCredential));

    expect(missing).toMatchObject({ code: 'DESTINATION_UNUSABLE', disposition: 'operator' });
    expect(file.code).toBe('TARGET_CONFLICT');
    expect(await readdir(copies.root)).toEqual(['a-file', 'ada']);
  });

  it('delivers any tree exactly, and again without a change', async () => {
    await using copies = await directoryCopies();
    const name = fc.stringMatching(/^[a-c.]{1,3}$/).filter((text) => text !== '.' && text !== '..');
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const tree = fc.dictionary(path, fc.uint8Array({ maxLength: 40 }), {
      minKeys: 1,
      maxKeys: 12,
      noNullPrototype: true,
    });
    let batches = 0;

    await fc.assert(
      fc.asyncProperty(tree.filter(isTree), async (files) => {
        const owner = `owner-${(batches += 1)}`;
        const first = await copies.deliver(contentOf({ owner, files }));
        const delivered = texts(await copies.data(owner));

        const wanted = Object.entries(files).map(([at, bytes]) => [
          `lab/${at}`,
          Buffer.from(bytes).toString(),
        ]);
        expect(delivered).toEqual(Object.fromEntries(wanted));
        expect(await copies.deliver(contentOf({ owner, files }))).toEqual(first);
        expect(texts(await copies.data(owner))).toEqual(delivered);
      }),
      { numRuns: 15 },
    );
  });
});

/** No path is also the directory of another one. */
function isTree(files: Readonly<Record<string, Uint8Array>>): boolean {
  const paths = Object.keys(files);
  return !paths.some((path) => paths.some((other) => other.startsWith(`${path}/`)));
}

function withFirstPath(files: Readonly<Record<string, string>>, path: string): Content {
  const content = contentOf({ owner: 'ada', files });
  const moved = content.batch.files.map((file, at) =>
    at === 0 ? { ...file, path: path as SharePath } : file,
  );
  return { ...content, batch: { ...content.batch, files: moved } };
}
