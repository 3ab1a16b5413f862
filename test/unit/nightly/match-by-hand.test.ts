import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SharePath } from '../../../src/core/share-path.ts';
import {
  containerFiles,
  crossOut,
  type DatasetFile,
  endingsByName,
  placeOf,
  someOf,
} from '../../../src/nightly/match-by-hand.ts';
import { isTelling } from '../../../src/nightly/telling-name.ts';

const NOW = Date.UTC(2026, 10, 22);
const DATASET = 'SEM1/mueller/gold17' as SharePath;
const file = (path: string, size: number, mtime = NOW - 1000): DatasetFile => ({
  ...{ path: `${DATASET}/${path}` as SharePath, size, mtimeNs: BigInt(mtime) * 1_000_000n },
});
const there = (files: Readonly<Record<string, number>>, changedAt = NOW) =>
  containerFiles(
    Object.entries(files).map(([path, size]) => ({ path, size })),
    changedAt,
  );
const below = (files: readonly DatasetFile[], container: ReturnType<typeof there>) =>
  placeOf(DATASET, files, container)?.below;

describe('a dataset in a container that was filled by hand', () => {
  const files = [file('gold-a.tif', 100), file('raw/gold-b.tif', 200), file('raw/log.txt', 0)];

  it('is found below whatever folder it was put', () => {
    const gold = { 'gold-a.tif': 100, 'raw/gold-b.tif': 200, 'raw/log.txt': 0 };
    const deep = Object.fromEntries(Object.entries(gold).map(([path, size]) => [`my/data/${path}`, size]));

    expect(below(files, there(gold))).toBe('');
    expect(below(files, there({ ...deep, 'other.tif': 5 }))).toBe('my/data/');
  });

  it('is found with all its files side by side', () => {
    expect(below(files, there({ 'x/gold-a.tif': 100, 'x/gold-b.tif': 200, 'x/log.txt': 0 }))).toBe('x/');
  });

  it('is not found side by side where two of its files have one name', () => {
    const twins = [file('a/gold17.tif', 100), file('b/gold17.tif', 100)];

    expect(below(twins, there({ 'gold17.tif': 100 }))).toBeUndefined();
  });

  it.each([
    ['a file is missing', { 'gold-a.tif': 100, 'raw/gold-b.tif': 200 }],
    ['a size is another', { 'gold-a.tif': 100, 'raw/gold-b.tif': 201, 'raw/log.txt': 0 }],
    ['its files lie in two folders', { 'x/gold-a.tif': 100, 'y/raw/gold-b.tif': 200, 'y/raw/log.txt': 0 }],
    ['a capital is another', { 'gold-A.tif': 100, 'raw/gold-b.tif': 200, 'raw/log.txt': 0 }],
    ['it only ends alike', { 'xgold-a.tif': 100, 'xraw/gold-b.tif': 200, 'xraw/log.txt': 0 }],
  ])('is not found when %s', (_why, container) => {
    expect(below(files, there(container))).toBeUndefined();
  });

  it('is not found when a file of it was changed after the container', () => {
    const container = { 'gold-a.tif': 100 };

    expect(below([file('gold-a.tif', 100, NOW)], there(container))).toBe('');
    expect(below([file('gold-a.tif', 100, NOW + 1)], there(container))).toBeUndefined();
  });

  it('is never found by empty files alone, or when it has none', () => {
    expect(below([file('gold-a.tif', 0)], there({ 'gold-a.tif': 0 }))).toBeUndefined();
    expect(below([], there({}))).toBeUndefined();
  });

  it('is not found by names that any measurement has, unless its folder is there too', () => {
    const common = [file('data.txt', 100), file('image_001.tif', 200)];

    expect(below(common, there({ 'data.txt': 100, 'image_001.tif': 200 }))).toBeUndefined();
    expect(below(common, there({ 'run1/data.txt': 100, 'run1/image_001.tif': 200 }))).toBeUndefined();
    expect(below(common, there({ 'gold17/data.txt': 100, 'gold17/image_001.tif': 200 }))).toBe('gold17/');
  });

  it('is the one in the folder that is called like it', () => {
    const container = { 'run1/gold.tif': 100, 'gold17/gold.tif': 100, 'z/gold.tif': 100 };

    expect(below([file('gold.tif', 100)], there(container))).toBe('gold17/');
  });

  it('is found though a Mac wrote its name in two characters', () => {
    expect(below([file('Gr\u00fcn17.tif', 9)], there({ 'Gru\u0308n17.tif': 9 }))).toBe('');
  });

  it('has endings of its own only while no other file of the share has them with their size', () => {
    const place = placeOf(DATASET, [file('gold.tif', 100)], there({ 'gold17/gold.tif': 100 }));
    const endings = endingsByName(place ?? { endings: [] });
    const left = (): number => [...endings.values()].flat().length;
    const other = (path: string, size: number) => crossOut(endings, { path: path as SharePath, size });

    other('SEM1/mueller/gold18/gold.tif', 100);
    other('SEM1/mueller/gold17/gold.tif', 101);
    expect(left()).toBe(1);
    other('SEM1/chen/gold17/gold.tif', 100);
    expect(left()).toBe(0);
  });

  it('is told of in part, by telling names with their size', () => {
    const container = there({ 'x/gold-a.tif': 100, 'data.txt': 7, 'gold-c.tif': 1 });

    expect(someOf([...files, file('data.txt', 7), file('gold-c.tif', 2)], container)).toEqual({
      files: 1,
      bytes: 100,
    });
  });
});

const name = fc.constantFrom('gold', 'silver', 'a', 'run', 'data', '001', '20261122', 'x.tif', 'log.txt');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const tree = fc.dictionary(path, fc.integer({ min: 0, max: 3 }), { minKeys: 1, maxKeys: 8 });

describe('placing by name and size', () => {
  it('never names a place where a file is not there with its size, and is not sure without a telling name', () => {
    fc.assert(
      fc.property(tree, tree, (mine, theirs) => {
        const files = Object.entries(mine).map(([at, size]) => file(at, size));
        const place = placeOf(DATASET, files, there(theirs));
        if (place === undefined) return;
        for (const [at, size] of Object.entries(mine)) {
          const places = [place.below + at, place.below + (at.split('/').at(-1) ?? '')];
          expect(places.map((one) => theirs[one])).toContain(size);
        }
        expect(place.endings.length).toBeGreaterThan(0);
        for (const ending of place.endings) {
          expect(ending.size).toBeGreaterThan(0);
          expect(ending.path.split('/').some(isTelling)).toBe(true);
          expect(files.some((one) => one.path.endsWith(ending.path) && one.size === ending.size)).toBe(true);
        }
      }),
    );
  });

  it('finds what was put as it lies below any folder, among anything, but not when one file is taken away', () => {
    const telling = tree.filter((mine) =>
      Object.entries(mine).some(([at, size]) => size > 0 && at.split('/').some(isTelling)),
    );
    fc.assert(
      fc.property(telling, tree, fc.nat(), (mine, noise, pick) => {
        const files = Object.entries(mine).map(([at, size]) => file(at, size));
        const put = Object.fromEntries(Object.entries(mine).map(([at, size]) => [`put here/${at}`, size]));
        const all = [
          ...Object.entries(noise).map(([at, size]) => [`zzz/${at}`, size] as const),
          ...Object.entries(put),
        ];

        expect(placeOf(DATASET, files, there(Object.fromEntries(all)))).toBeDefined();
        const gone = Object.keys(put)[pick % files.length] ?? '';
        const { [gone]: _, ...rest } = put;
        expect(placeOf(DATASET, files, there(rest))?.below).not.toBe('put here/');
      }),
    );
  });
});

describe('a name', () => {
  it.each(['gold17.tif', 'S4-anneal.dat', '20261122_1530.tif', 'Grün.spc', '金属試料.tif'])(
    '%s is telling',
    (one) => {
      expect(isTelling(one)).toBe(true);
    },
  );

  it.each([
    'data.txt',
    'image_0001.tif',
    'img12.png',
    'run_001',
    '000001.tif',
    'Scan 12.dat',
    'x',
    'README',
    'log',
  ])('%s is not', (one) => {
    expect(isTelling(one)).toBe(false);
  });
});
