import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparePaths } from '../../../src/batch/compare-paths.ts';
import { isRejected, planBatches } from '../../../src/batch/plan-batches.ts';
import type { RejectedFile } from '../../../src/batch/rejection.ts';
import { targetDir } from '../../../src/batch/target-dir.ts';
import type { BatchPlan, OwnedFile } from '../../../src/core/model.ts';
import { encodeBytes, type SharePath } from '../../../src/core/share-path.ts';
import { type OwnedOptions, ownedFile } from '../../support/plan-share.ts';

const CAPS = { maxBytes: 100, maxFiles: 4 };
const plan = (files: readonly OwnedFile[], caps = CAPS): (BatchPlan | RejectedFile)[] => [
  ...planBatches(files, () => caps),
];
const batches = (files: readonly OwnedFile[], caps = CAPS): BatchPlan[] =>
  plan(files, caps).filter((one): one is BatchPlan => !isRejected(one));
const rejections = (files: readonly OwnedFile[]): RejectedFile[] => plan(files).filter(isRejected);

const idOf = (facts: Parameters<typeof ownedFile>[1]): string =>
  batches([ownedFile('f', facts)])[0]?.id ?? '';

const anyName = fc.constantFrom(
  'a',
  'b',
  'ü',
  'x y',
  'A',
  '\u{1f600}',
  '\ue000',
  'bad\\name',
  'nl\n',
  '..',
  'a'.repeat(256),
);
const anyPath = fc.array(anyName, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const anyOptions: fc.Arbitrary<OwnedOptions> = fc
  .record({
    owner: fc.constantFrom('mueller', 'collector'),
    destination: fc.constantFrom('nomad', 'archive'),
    dataset: fc.constantFrom('d1', 'd2'),
    addendum: fc.boolean(),
    compress: fc.boolean(),
    pack: fc.constantFrom('files' as const, undefined),
  })
  .map(({ pack, ...rest }) => (pack === undefined ? rest : { ...rest, pack }));
const anyFile = fc
  .tuple(anyPath, fc.integer({ min: 0, max: 120 }), anyOptions)
  .map(([path, size, options]) => ownedFile(path, { size, mtimeNs: BigInt(size) }, options));
/** Grouped as the planner is promised: all files of a dataset together, every path once. */
const anyEvening = fc
  .uniqueArray(anyFile, { selector: (file) => file.path, maxLength: 40 })
  .map((files) => files.toSorted((a, b) => (a.assignment.dataset < b.assignment.dataset ? -1 : 1)));

describe('planning', () => {
  test('every file ends in exactly one batch or rejection', () => {
    fc.assert(
      fc.property(anyEvening, (files) => {
        const out = plan(files).flatMap((one) =>
          isRejected(one) ? [one.path] : one.files.map(({ path }) => path),
        );

        expect(out.toSorted()).toEqual(files.map(({ path }) => path).toSorted());
      }),
    );
  });

  test('a batch has one owner, destination, dataset and kind, holds the caps and is sorted by path bytes', () => {
    fc.assert(
      fc.property(anyEvening, (files) => {
        const byPath = new Map(files.map((file) => [file.path, file]));
        for (const batch of batches(files)) {
          expect(batch.bytes).toBe(batch.files.reduce((sum, { size }) => sum + size, 0));
          expect(batch.bytes).toBeLessThanOrEqual(CAPS.maxBytes);
          expect(batch.files.length).toBeLessThanOrEqual(CAPS.maxFiles);
          for (const { path } of batch.files) {
            const { share, addendum, assignment } = byPath.get(path) ?? ownedFile('missing', {});
            const { owner, destination, dataset, compress } = assignment;
            expect(batch).toMatchObject({ share, owner, destination, dataset, addendum, compress });
          }
          const sorted = batch.files.toSorted((a, b) =>
            Buffer.compare(encodeBytes(a.path), encodeBytes(b.path)),
          );
          expect(batch.files).toEqual(sorted);
        }
      }),
    );
  });

  test('the order in which a dataset was read changes nothing', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyFile, { selector: (file) => file.path, maxLength: 20 }),
        fc.nat(),
        (files, turn) => {
          const one = files.map((file) => ({
            ...file,
            assignment: { ...file.assignment, dataset: 'd' as typeof file.path },
          }));
          const cut = turn % (one.length + 1);
          const other = [...one.slice(cut), ...one.slice(0, cut)].toReversed();

          expect(plan(other)).toEqual(plan(one));
        },
      ),
    );
  });

  test('the id follows size and mtime, not inode or ctime', () => {
    expect(idOf({ size: 3, ino: 8n, ctimeNs: 9n })).toBe(idOf({ size: 3 }));
    expect(idOf({ size: 4 })).not.toBe(idOf({ size: 3 }));
    expect(idOf({ size: 3, mtimeNs: 5n })).not.toBe(idOf({ size: 3 }));
  });

  test('a dataset is cut only over the caps, in path order', () => {
    const files = ['e', 'd', 'c', 'b', 'a'].map((name) => ownedFile(name, { size: 30 }));

    const cut = batches(files, { maxBytes: 90, maxFiles: 10 }).map((batch) =>
      batch.files.map(({ path }) => path),
    );

    expect(cut).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });

  test('each file is a batch of its own where its rule packs files, and no other is', () => {
    const apart = { dataset: 'd1', pack: 'files' as const };
    const files = [
      ...['a', 'b', 'c'].map((path) => ownedFile(path, { size: 1 }, apart)),
      ...['x', 'y'].map((path) => ownedFile(path, { size: 1 }, { dataset: 'd1' })),
    ];

    const made = batches(files).map((batch) => batch.files.map(({ path }) => path));

    expect(made).toEqual([['a'], ['b'], ['c'], ['x', 'y']]);
  });

  test('a file over the cap is rejected with the numbers and does not hold its neighbours', () => {
    const files = [ownedFile('huge', { size: 101 }), ownedFile('fits', { size: 100 })];

    expect(rejections(files)).toMatchObject([{ path: 'huge', code: 'FILE_TOO_LARGE', owner: 'mueller' }]);
    expect(rejections(files)[0]?.reason).toMatch(/101 bytes.*100 bytes.*exclude/);
    expect(batches(files).map((batch) => batch.bytes)).toEqual([100]);
  });

  test('a path that is too long under safe names too is rejected, readably, and its neighbours go', () => {
    const long = `${'\u00fc\n'.repeat(60)}/`.repeat(20);
    const files = [
      { ...ownedFile(`${long}a`, {}), as: `${'x'.repeat(200)}/`.repeat(18) as SharePath },
      ownedFile('b', {}),
    ];

    const [rejected] = plan(files).filter(isRejected);

    expect(rejected?.code).toBe('PATH_UNREPRESENTABLE');
    expect(rejected?.reason).toMatch(/^[\u0020-\u00ff]+: the path is longer than 3500 bytes. Shorten/);
    expect(batches(files).flatMap((batch) => batch.files.map(({ path }) => path))).toEqual(['b']);
  });

  test('a file keeps the safe path it was given, and the batch is another than without it', () => {
    const own = ownedFile('a\nb', {});
    const safe = { ...own, as: 'a_b~0badcafe' as SharePath };

    expect(batches([safe])[0]?.files).toMatchObject([{ path: 'a\nb', as: 'a_b~0badcafe' }]);
    expect(batches([safe])[0]?.id).not.toBe(batches([own])[0]?.id);
    expect(Object.keys(batches([own])[0]?.files[0] ?? {})).not.toContain('as');
  });

  test('a batch without safe paths has the id it always had', () => {
    expect(batches([ownedFile('SEM1/run1/a', {})])[0]?.id).toBe('b-0d45285603894d5d7aa17e3cd50b2489');
  });

  test('facts on which two files differ are not said of the batch', () => {
    const file = ownedFile('a', {});
    const other = ownedFile('b', {});
    const files = [
      { ...file, assignment: { ...file.assignment, facts: { date: '1', user: 'u' } } },
      { ...other, assignment: { ...other.assignment, facts: { date: '2', user: 'u' } } },
    ];

    expect(batches(files)[0]?.facts).toEqual({ user: 'u' });
  });
});

test('paths are ordered as their UTF-8 bytes are', () => {
  const text = fc
    .array(fc.constantFrom('a', '/', '\u00e9', '\ud7ff', '\ue000', '\uffff', '\u{10000}'))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('a first version has one place, an addendum a dated one of its own', () => {
  const [plan] = batches([ownedFile('a', {})]) as [BatchPlan];
  const plannedAt = Date.UTC(2026, 10, 22, 23, 59);
  const batch = { ...plan, plannedAt };

  expect(targetDir(batch)).toBe('lab');
  expect(targetDir({ ...batch, addendum: true })).toBe(`_addenda/2026-11-22_${batch.id.slice(2, 10)}/lab`);
});
