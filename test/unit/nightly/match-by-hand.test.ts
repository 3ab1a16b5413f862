import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListedFile } from '../../../src/core/account.ts';
import type { SharePath } from '../../../src/core/share-path.ts';
import { isEnough } from '../../../src/nightly/by-hand-evidence.ts';
import {
  type By,
  containerFiles,
  type DatasetFile,
  placeOf,
  someOf,
} from '../../../src/nightly/match-by-hand.ts';

const NOW = Date.UTC(2026, 10, 22);
const DATASET = 'SEM1/mueller/gold17' as SharePath;
const file = (path: string, size: number, mtime = NOW - 1000): DatasetFile => ({
  ...{ path: `${DATASET}/${path}` as SharePath, size, mtimeNs: BigInt(mtime) * 1_000_000n },
});
const there = (
  files: Readonly<Record<string, number | Omit<ListedFile, 'path'>>>,
  times = { madeAt: NOW, changedAt: NOW },
) =>
  containerFiles(
    Object.entries(files).map(([path, of]) =>
      typeof of === 'number' ? { path, size: of } : { path, ...of },
    ),
    times,
  );
const below = (files: readonly DatasetFile[], container: ReturnType<typeof there>, by?: By) =>
  placeOf(DATASET, files, container, by)?.below;

describe('a dataset in a container that was filled by hand', () => {
  const files = [file('gold-a.tif', 4100), file('raw/gold-b.tif', 4200), file('raw/gold-c.txt', 4300)];
  const gold = { 'gold-a.tif': 4100, 'raw/gold-b.tif': 4200, 'raw/gold-c.txt': 4300 };

  it('is found below whatever folder it was put', () => {
    const deep = Object.fromEntries(Object.entries(gold).map(([path, size]) => [`my/data/${path}`, size]));

    expect(below(files, there(gold))).toBe('');
    expect(below(files, there({ ...deep, 'other.tif': 5 }))).toBe('my/data/');
  });

  it('is found with all its files side by side', () => {
    expect(below(files, there({ 'x/gold-a.tif': 4100, 'x/gold-b.tif': 4200, 'x/gold-c.txt': 4300 }))).toBe(
      'x/',
    );
  });

  it('is not found side by side where two of its files have one name', () => {
    const twins = [file('a/20261122_gold.tif', 100), file('b/20261122_gold.tif', 100)];

    expect(below(twins, there({ '20261122_gold.tif': 100 }))).toBeUndefined();
  });

  it.each([
    ['a file is missing', { 'gold-a.tif': 4100, 'raw/gold-b.tif': 4200 }],
    ['a size is another', { ...gold, 'raw/gold-b.tif': 4201 }],
    [
      'its files lie in two folders',
      { 'x/gold-a.tif': 4100, 'y/raw/gold-b.tif': 4200, 'y/raw/gold-c.txt': 4300 },
    ],
    ['a capital is another', { 'gold-A.tif': 4100, 'raw/gold-b.tif': 4200, 'raw/gold-c.txt': 4300 }],
    ['it only ends alike', { 'xgold-a.tif': 4100, 'xraw/gold-b.tif': 4200, 'xraw/gold-c.txt': 4300 }],
  ])('is not found when %s', (_why, container) => {
    expect(below(files, there(container))).toBeUndefined();
    expect(below(files, there(container), 'content')).toBeUndefined();
  });

  it('is never found by empty files alone, or when it has none', () => {
    expect(below([file('20261122_gold.tif', 0)], there({ '20261122_gold.tif': 0 }))).toBeUndefined();
    expect(below([], there({}))).toBeUndefined();
  });

  it('is the one in the folder that is called like it', () => {
    const container = there({
      ...gold,
      'run1/gold-a.tif': 4100,
      'gold17/gold-a.tif': 4100,
      'gold17/b.tif': 4200,
    });

    expect(below([file('gold-a.tif', 4100), file('b.tif', 4200)], container)).toBe('gold17/');
  });

  it('is found though a Mac wrote its name in two characters', () => {
    const container = there({ '20261122 Gru\u0308n.tif': 9 });
    const place = placeOf(DATASET, [file('20261122 Gr\u00fcn.tif', 9)], container);

    expect(place?.below).toBe('');
    expect(place?.pathOf(file('20261122 Gr\u00fcn.tif', 9))).toBe('20261122 Gru\u0308n.tif');
  });

  it('is told of in part, by names of their own with their size', () => {
    const container = there({ 'x/gold-a.tif': 4100, 'data.txt': 7, 'gold-z.tif': 1 });

    expect(someOf([...files, file('data.txt', 7), file('gold-z.tif', 2)], container)).toEqual({
      files: 1,
      bytes: 4100,
    });
  });

  it('is looked for by name and size alone, with any names, where its bytes are compared afterwards', () => {
    const frames = [file('frame_0001.tif', 100), file('frame_0002.tif', 100)];
    const container = there({ 'x/frame_0001.tif': 100, 'x/frame_0002.tif': 100 });

    expect(below(frames, container)).toBeUndefined();
    expect(below(frames, container, 'content')).toBe('x/');
  });
});

describe('a file that was changed on the share', () => {
  const at = (mtime: number) => [file('20261122_gold.tif', 100, mtime)];
  const [made, changed] = [NOW - 500, NOW];
  const container = there({ '20261122_gold.tif': 100 }, { madeAt: made, changedAt: changed });

  it('after the container was made is not in it, though other things were put there later', () => {
    expect(below(at(made), container)).toBe('');
    expect(below(at(made + 1), container)).toBeUndefined();
  });

  it('counts until the container was changed when an earlier listing had not shown it yet', () => {
    const added = there(
      { '20261122_gold.tif': { size: 100, until: changed - 100 } },
      { madeAt: made, changedAt: changed },
    );

    expect(below(at(changed - 100), added)).toBe('');
    expect(below(at(changed - 99), added)).toBeUndefined();
  });

  it('is never in a container that does not tell when it was made', () => {
    expect(below(at(NOW - 10_000), there({ '20261122_gold.tif': 100 }, { madeAt: 0, changedAt: NOW }))).toBe(
      undefined,
    );
  });

  it('counts until the container was changed where the bytes are compared', () => {
    expect(below(at(changed), container, 'content')).toBe('');
    expect(below(at(changed + 1), container, 'content')).toBeUndefined();
  });
});

const name = fc.constantFrom(
  'gold',
  'silver',
  'a',
  'run',
  'data',
  '001',
  '20261122_gold',
  'x.tif',
  'log.txt',
);
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const tree = fc.dictionary(path, fc.integer({ min: 998, max: 1004 }), { minKeys: 1, maxKeys: 8 });

describe('placing by name and size', () => {
  it('never names a place where a file is not there with its size, and never without evidence', () => {
    fc.assert(
      fc.property(tree, tree, (mine, theirs) => {
        const files = Object.entries(mine).map(([at, size]) => file(at, size));
        const place = placeOf(DATASET, files, there(theirs));
        if (place === undefined) return;
        for (const [at, size] of Object.entries(mine)) {
          const places = [place.below + at, place.below + (at.split('/').at(-1) ?? '')];
          expect(places.map((one) => theirs[one])).toContain(size);
        }
        expect(isEnough(place.evidence)).toBe(true);
      }),
    );
  });

  it('finds what was put below its whole path, among anything, but not when one file is taken away', () => {
    fc.assert(
      fc.property(tree, tree, fc.nat(), (mine, noise, pick) => {
        const files = Object.entries(mine).map(([at, size]) => file(at, size));
        const put = Object.fromEntries(
          Object.entries(mine).map(([at, size]) => [`put here/${DATASET}/${at}`, size]),
        );
        const all = [
          ...Object.entries(noise).map(([at, size]) => [`zzz/${at}`, size] as const),
          ...Object.entries(put),
        ];

        expect(placeOf(DATASET, files, there(Object.fromEntries(all)))).toBeDefined();
        const gone = Object.keys(put)[pick % files.length] ?? '';
        const { [gone]: _, ...rest } = put;
        expect(placeOf(DATASET, files, there(rest))?.below).not.toBe(`put here/${DATASET}/`);
      }),
    );
  });
});
