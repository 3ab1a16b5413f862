import { execFileSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { encodeListing, unknownBecause } from '../../../src/core/listing.ts';
import { sharePath } from '../../../src/core/share-path.ts';
import { buildShare, MARKER, type ShareNode } from '../../support/build-share.ts';
import { readScan } from '../../support/read-scan.ts';

/** As root everything is readable, so then the share is read as somebody else. */
const reader = process.geteuid?.() === 0 ? { readAs: { uid: 65_534, gid: 65_534 } } : {};

const look = (root: string, dirs: readonly string[], options = {}) =>
  readScan(root, { dirs: dirs.map(sharePath), ...options });

describe('a scan of a whole share', () => {
  test('sees what lstat says of every entry, to the nanosecond', async () => {
    await using share = await buildShare({ 'SEM1/a/x.tif': 'content', 'SEM1/b': { size: 5e12 } });

    const { entry, dirs, totals } = await readScan(share.root);

    expect([...dirs.keys()].toSorted()).toEqual(['', 'SEM1', 'SEM1/a']);
    for (const path of ['SEM1/a/x.tif', 'SEM1/b', MARKER]) {
      const { size, mtimeNs, ctimeNs, ino } = lstatSync(share.path(path), { bigint: true });
      expect(entry(path)).toMatchObject({ kind: 'file', size: Number(size), mtimeNs, ctimeNs, ino });
    }
    expect(totals).toEqual({ dirs: 3, files: 3, bytes: 5e12 + 7, excluded: 0, unreadable: 0 });
  });

  test('keeps names that are not text apart, in files and in directories', async () => {
    const names = ['\udcff.tif', '\udcfe.tif', 'ä.tif', 'two\nlines', ' ', '\\', 'ÿ', '文件.dat', '🔬'];
    await using share = await buildShare(
      Object.fromEntries(
        names.flatMap((name) => [
          [`d/${name}`, 'x'],
          [`in\udc80/${name}.d/y`, 'yy'],
        ]),
      ),
    );

    const { entry, dirs, totals } = await readScan(share.root);

    for (const name of names) {
      expect(entry(`d/${name}`)).toMatchObject({ kind: 'file', size: 1 });
      expect(entry(`in\udc80/${name}.d/y`)).toMatchObject({ kind: 'file', size: 2 });
    }
    expect(totals.files).toBe(names.length * 2 + 1);
    const d = dirs.get(sharePath('d')) ?? [];
    expect(encodeListing(d.toReversed())).toEqual(encodeListing(d));
  });

  test('follows no link and opens no pipe: both are entries that are never taken', async () => {
    await using share = await buildShare({
      'a/file': 'abc',
      'a/loop': { symlink: '..' },
      'a/self': { symlink: 'self' },
      'a/outside': { symlink: '/etc' },
      'a/pipe': { fifo: true },
    });

    const { dirs, entry, totals } = await readScan(share.root);

    expect([...dirs.keys()]).toHaveLength(2);
    for (const link of ['a/loop', 'a/self', 'a/outside']) {
      expect(entry(link)).toMatchObject({ kind: 'symlink', size: 0 });
    }
    expect(entry('a/pipe').kind).toBe('special');
    expect(totals).toMatchObject({ files: 6, bytes: 3, excluded: 4, unreadable: 0 });
  });

  test('names what it may not read, with the size it would have', async () => {
    await using share = await buildShare({
      'a/secret.tif': { content: 'abcd', mode: 0o200 },
      'a/open.tif': { content: 'ab', mode: 0o644 },
      'a/closed/x': 'x',
      'a/closed': { dir: true, mode: 0o300 },
      'a/names-only/x': 'x',
      'a/names-only': { dir: true, mode: 0o444 },
    });

    const { entry, dirs, totals } = await readScan(share.root, reader);

    expect(entry('a/secret.tif')).toMatchObject({
      kind: 'unreadable',
      error: expect.stringMatching(/^EACCES \{/),
      size: 4,
    });
    expect(entry('a/open.tif').kind).toBe('file');
    expect(entry('a/closed')).toMatchObject({
      kind: 'unreadable-dir',
      error: expect.stringMatching(/^EACCES \{/),
      size: 0,
    });
    expect(entry('a/names-only/x')).toMatchObject({
      kind: 'unreadable',
      error: expect.stringMatching(/^EACCES \{/),
      size: 0,
    });
    expect(dirs.has(sharePath('a/closed'))).toBe(false);
    expect(totals).toMatchObject({ files: 5, bytes: 6, unreadable: 3 });
  });

  test('agrees with find about 20,000 files in 400 directories, however many threads look', async () => {
    const tree: Record<string, ShareNode> = {};
    for (let dir = 0; dir < 400; dir++) {
      for (let file = 0; file < 50; file++)
        tree[`i${dir % 7}/u${dir % 31}/s${dir}/f${file}`] = { size: file };
    }
    await using share = await buildShare(tree);
    const found = execFileSync('find', [share.root, '-type', 'f', '-printf', '%P %s %i\n'], {
      encoding: 'utf8',
    });
    const expected = found.trim().split('\n').toSorted();

    for (const threads of [1, 2, 5]) {
      const { dirs, totals } = await readScan(share.root, { threads });
      const seen = [...dirs].flatMap(([dir, entries]) =>
        entries.map(({ name, size, ino }) => `${dir === '' ? '' : `${dir}/`}${name} ${size} ${ino}`),
      );
      expect(seen.toSorted()).toEqual(expected);
      expect(totals).toMatchObject({ files: 20_001, bytes: 400 * 1225, unreadable: 0, excluded: 0 });
    }
  });

  test('goes down a tree that is deeper than a stack would like', async () => {
    const deep = Array.from({ length: 1500 }, () => 'd').join('/');
    await using share = await buildShare({ [`${deep}/x`]: 'x' });

    const { entry, totals } = await readScan(share.root);

    expect(entry(`${deep}/x`).kind).toBe('file');
    expect(totals.dirs).toBe(1501);
  });

  test('gives a directory without files an empty look', async () => {
    await using share = await buildShare({ empty: { dir: true } });

    const { dirs } = await readScan(share.root);

    expect(dirs.get(sharePath('empty'))).toEqual([]);
  });
});

describe('a second look', () => {
  test('sees the named directories as a whole scan does, and no others', async () => {
    await using share = await buildShare({
      'a/x': '1',
      'a/b/y': '2',
      'a/locked': { dir: true, mode: 0 },
      'c/z': '3',
      'é\udcff/w': '4',
    });
    const whole = await readScan(share.root, reader);

    const second = await look(share.root, ['a', 'c', 'é\udcff', ''], reader);

    expect([...second.dirs.keys()].toSorted()).toEqual(['', 'a', 'c', 'é\udcff']);
    for (const [dir, entries] of second.dirs) expect(entries).toEqual(whole.dirs.get(dir));
  });

  test('finds directories empty that are gone, or are directories no more', async () => {
    await using share = await buildShare({ 'a/keep': '1', 'was-dir': 'file now', link: { symlink: 'a' } });

    const { dirs } = await look(share.root, ['a/gone', 'gone/below', 'was-dir', 'link', 'link/below']);

    for (const dir of ['a/gone', 'gone/below', 'was-dir', 'link', 'link/below']) {
      expect(dirs.get(sharePath(dir))).toEqual([]);
    }
  });

  test('knows nothing of a directory that it cannot reach, and does not call it gone', async () => {
    await using share = await buildShare({
      'a/b/x': '1',
      a: { dir: true, mode: 0 },
      'c/x': '2',
      c: { dir: true, mode: 0 },
    });

    const { dirs, totals } = await look(share.root, ['a/b', 'a/never-was', 'c'], reader);

    for (const dir of ['a/b', 'a/never-was', 'c']) {
      const entries = dirs.get(sharePath(dir)) ?? [];
      expect(entries).toMatchObject([{ name: '', kind: 'unreadable-dir', error: 'EACCES' }]);
      expect(unknownBecause(encodeListing(entries))).toBe('EACCES');
    }
    expect(totals).toMatchObject({ files: 3, unreadable: 3 });
  });

  test('at nothing looks at nothing', async () => {
    await using share = await buildShare({ 'a/x': '1' });

    expect((await look(share.root, [])).totals.dirs).toBe(0);
  });
});
