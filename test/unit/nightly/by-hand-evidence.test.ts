import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossing, evidenceOf, isEnough } from '../../../src/nightly/by-hand-evidence.ts';
import { isOwnName, isTelling } from '../../../src/nightly/telling-name.ts';

const DATASET = 'SEM1/mueller/gold17';

/** Whether it is enough that these files of a dataset are in a container below a folder, each with its size. */
function isFound(dataset: string, below: string, sizes: Readonly<Record<string, number>>): boolean {
  const files = Object.entries(sizes).map(([at, size]) => ({
    path: `${dataset}/${at}`,
    size,
    there: below + at,
  }));
  return isEnough(evidenceOf(dataset, files));
}

/** What instruments call files and folders by themselves, every day anew. */
const GENERIC = [
  ...[
    'Capture_1',
    'Messung_01',
    'frame_0001',
    'overview',
    'channel1',
    'image001',
    'data_3',
    'scan12',
    'export',
  ],
  ...[
    'final',
    'img12',
    'run_001',
    '000001',
    'Scan 12',
    'x',
    'README',
    'log',
    'LiveImage3',
    'Bild 7',
    'Probe3',
    'C1Z1',
  ],
  ...[
    '20261122',
    '2026-11-22',
    '20261122_0012',
    '20261122_Capture_1',
    'Aufnahme',
    'mesure_2',
    'medición 4',
    '1530',
  ],
] as const;

describe('a name', () => {
  it.each(GENERIC.map((one) => `${one}.tif`))('%s does not say by itself which measurement it is', (one) => {
    expect(isTelling(one)).toBe(false);
    expect(isTelling(one.replace('.tif', ''))).toBe(false);
  });

  it.each([
    ...['20261122_gold17.tif', '20261122_153012.tif', '2026-11-22 15-30.dat', '22.11.2026 Stahl.spc'],
    ...['20261122153012', 'FoilHole_19042337251_Data'],
  ])('%s does', (one) => {
    expect(isTelling(one)).toBe(true);
  });

  it.each(['gold17.tif', 'S4-anneal.dat', 'Grün.spc', '金属試料.tif', '2026-11-22'])(
    '%s is its own, though others may be called so',
    (one) => {
      expect(isOwnName(one)).toBe(true);
      expect(isTelling(one)).toBe(false);
    },
  );
});

describe('name and size alone are enough', () => {
  it('with the whole path on the share, whatever the names', () => {
    expect(isFound('SEM1/mueller/run_1', 'my/SEM1/mueller/run_1/', { 'frame_1.tif': 100 })).toBe(true);
    expect(isFound('SEM1/mueller/run_1', 'my/mueller/run_1/', { 'frame_1.tif': 100 })).toBe(false);
    expect(isFound('run_1', 'my/run_1/', { 'frame_1.tif': 100 })).toBe(false);
  });

  it('with one name that nothing else has, of a file or a folder', () => {
    expect(isFound(DATASET, '', { '20261122_153012.tif': 100, 'frame_1.tif': 7 })).toBe(true);
    expect(isFound('SEM1/mueller/20261122_gold/run_1', '20261122_gold/run_1/', { 'frame_1.tif': 7 })).toBe(
      true,
    );
    expect(isFound('SEM1/mueller/20261122_gold/run_1', 'run_1/', { 'frame_1.tif': 7 })).toBe(false);
  });

  it('with its own folder, and two files of different sizes that are not small', () => {
    const two = { 'data.txt': 4100, 'image_001.tif': 4200 };

    expect(isFound(DATASET, 'gold17/', two)).toBe(true);
    expect(isFound(DATASET, 'run1/', two)).toBe(false);
    expect(isFound(DATASET, 'gold17/', { 'data.txt': 4100, 'image_001.tif': 4100 })).toBe(false);
    expect(isFound(DATASET, 'gold17/', { 'data.txt': 999, 'image_001.tif': 4200 })).toBe(false);
    expect(isFound('SEM1/mueller/2026-11-22/run_1', '2026-11-22/run_1/', two)).toBe(true);
    expect(isFound('SEM1/mueller/2026-11-22/run_1', 'run_1/', two)).toBe(false);
  });

  it('without its folder only with three such files that have names of their own', () => {
    const three = { 'gold-a.tif': 4100, 'gold-b.tif': 4200, 'gold-c.tif': 4300 };

    expect(isFound(DATASET, 'x/', three)).toBe(true);
    expect(isFound(DATASET, 'x/', { ...three, 'gold-c.tif': 4200 })).toBe(false);
    expect(isFound(DATASET, 'x/', { 'frame_1.tif': 4100, 'frame_2.tif': 4200, 'frame_3.tif': 4300 })).toBe(
      false,
    );
  });
});

/** What comes again on another day: a day does not. */
const generic = fc.constantFrom(...GENERIC.filter((one) => !one.startsWith('2026')));
const folder = fc.array(generic, { maxLength: 3 }).map((parts) => parts.map((part) => `${part}/`).join(''));
const frames = fc.dictionary(
  fc.tuple(generic, fc.constantFrom('.tif', '.dat', '')).map((parts) => parts.join('')),
  fc.integer({ min: 0, max: 10_000_000 }),
  { minKeys: 1, maxKeys: 6 },
);

describe('an instrument that calls everything alike', () => {
  it('is never taken for what its owner has uploaded of another day, whatever the sizes are', () => {
    fc.assert(
      fc.property(generic, folder, frames, (dataset, below, files) => {
        fc.pre(!isOwnName(dataset) || !below.endsWith(`${dataset}/`));

        expect(isFound(`SEM1/mueller/${dataset}`, below, files)).toBe(false);
      }),
    );
  });

  it('is never taken for it by frames of one size, even with a sample for a folder', () => {
    fc.assert(
      fc.property(
        fc.array(generic, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 0 }),
        (names, size) => {
          const files = Object.fromEntries(names.map((one) => [`${one}.tif`, size]));

          expect(isFound(DATASET, 'gold17/', files)).toBe(false);
        },
      ),
    );
  });
});

describe('evidence that another file of the share has too', () => {
  const left = (
    files: readonly { path: string; size: number; there: string }[],
    others: Record<string, number>,
  ) => {
    const own = new Set(files.map(({ path }) => path));
    const found = crossing([{ of: 'it', own, evidence: evidenceOf(DATASET, files) }]);
    for (const [path, size] of Object.entries(others)) found.show(path, size);
    return found.left();
  };
  const dated = [{ path: `${DATASET}/20261122_gold.tif`, size: 100, there: '20261122_gold.tif' }];
  const sized = [4100, 4200].map((size) => ({
    ...{ path: `${DATASET}/${size}.tif`, size, there: `gold17/${size}.tif` },
  }));

  it('is none: the same name and size elsewhere', () => {
    expect(left(dated, { [`${DATASET}/20261122_gold.tif`]: 100, 'SEM2/20261122_gold.tif': 101 })).toEqual([
      'it',
    ]);
    expect(left(dated, { 'SEM2/x20261122_gold.tif': 100 })).toEqual(['it']);
    expect(left(dated, { 'SEM2/chen/20261122_gold.tif': 100 })).toEqual([]);
  });

  it('is none: a file of the same kind that is as large, whatever it is called', () => {
    expect(left(sized, { 'SEM1/chen/a.txt': 4100, 'SEM1/chen/b.tif': 4101 })).toEqual(['it']);
    expect(left(sized, { 'SEM1/chen/a.TIF': 4100 })).toEqual([]);
  });

  it('is still some where enough is left', () => {
    const three = [...sized, { path: `${DATASET}/c.tif`, size: 4300, there: 'gold17/c.tif' }];

    expect(left(three, { 'SEM1/chen/a.tif': 4100 })).toEqual(['it']);
  });
});
