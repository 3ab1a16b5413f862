import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeListing, encodeListing, unknownBecause } from '../../../src/core/listing.ts';
import type { Entry, EntryKind } from '../../../src/core/model.ts';
import { decodeBytes, encodeBytes } from '../../../src/core/share-path.ts';

const FILE: Entry = { name: 'x.tif', kind: 'file', size: 1, mtimeNs: 2n, ctimeNs: 3n, ino: 4n };

const nameBytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 255 }),
  fc.string({ minLength: 1, maxLength: 60 }).map((text) => new TextEncoder().encode(text)),
);
const kinds: readonly EntryKind[] = [
  'file',
  'symlink',
  'special',
  'other-file-system',
  'unreadable',
  'unreadable-dir',
];
const times = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
const anyEntry: fc.Arbitrary<Entry> = fc
  .record({
    name: nameBytes.map(decodeBytes),
    kind: fc.constantFrom(...kinds),
    size: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    mtimeNs: times,
    ctimeNs: times,
    ino: fc.bigInt(0n, 2n ** 64n - 1n),
    error: fc.constantFrom('EACCES', 'ESTALE', 'errno 5000'),
  })
  .map(({ error, ...entry }) => (entry.kind.startsWith('unreadable') ? { ...entry, error } : entry));
const anyDirectory = fc.uniqueArray(anyEntry, { selector: (entry) => entry.name, maxLength: 40 });

const byNameBytes = (a: Entry, b: Entry): number => Buffer.compare(encodeBytes(a.name), encodeBytes(b.name));

describe('a listing', () => {
  test('gives back every entry, sorted by name bytes', () => {
    fc.assert(
      fc.property(anyDirectory, (entries) => {
        expect(decodeListing(encodeListing(entries))).toEqual(entries.toSorted(byNameBytes));
      }),
    );
  });

  test('has the same bytes for the same entries in any order', () => {
    fc.assert(
      fc.property(
        anyDirectory.chain((entries) =>
          fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length })),
        ),
        ([entries, shuffled]) => {
          expect(encodeListing(shuffled).equals(encodeListing(entries))).toBe(true);
        },
      ),
    );
  });

  test('has other bytes when anything about an entry is different', () => {
    const other: readonly Partial<Entry>[] = [
      { name: 'y.tif' },
      { kind: 'symlink' },
      { size: 2 },
      { mtimeNs: 3n },
      { ctimeNs: 4n },
      { ino: 5n },
      { kind: 'unreadable', error: 'EACCES' },
    ];

    for (const change of other) {
      expect(encodeListing([{ ...FILE, ...change }]).equals(encodeListing([FILE]))).toBe(false);
    }
  });

  test('of nothing is empty', () => {
    expect(encodeListing([])).toHaveLength(0);
    expect(decodeListing(Buffer.alloc(0))).toEqual([]);
  });

  test('that was cut anywhere is refused, never read as fewer facts', () => {
    const whole = encodeListing([{ ...FILE, name: 'é', kind: 'unreadable', error: 'EACCES' }]);

    for (let length = 1; length < whole.length; length++) {
      expect(() => decodeListing(whole.subarray(0, length))).toThrow(RangeError);
    }
  });

  test('can be read from the middle of a larger buffer', () => {
    const listing = encodeListing([FILE]);
    const larger = Buffer.concat([Buffer.from('before'), listing, Buffer.from('after')]);

    expect(decodeListing(larger.subarray(6, 6 + listing.length))).toEqual([FILE]);
  });

  test('says that its directory is unknown only when it holds the one nameless entry', () => {
    const unreadable: Entry = { ...FILE, kind: 'unreadable-dir', error: 'EIO' };

    expect(unknownBecause(encodeListing([{ ...unreadable, name: '' }]))).toBe('EIO');
    expect(unknownBecause(encodeListing([unreadable]))).toBeUndefined();
    expect(unknownBecause(encodeListing([FILE]))).toBeUndefined();
    expect(unknownBecause(encodeListing([]))).toBeUndefined();
  });
});
