import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countEntries, decodeListing, encodeListing } from '../../../src/core/listing.ts';
import type { Entry } from '../../../src/core/model.ts';

const number = fc.integer({ min: 0, max: 0xffffffff });
const entry: fc.Arbitrary<Omit<Entry, 'name'>> = fc
  .record({ ids: fc.option(fc.tuple(number, number)), error: fc.option(fc.constantFrom('EACCES', 'EIO')) })
  .map(({ ids, error }) => ({
    kind: error === null ? 'file' : 'unreadable',
    ...{ size: 7, mtimeNs: 1n, ctimeNs: 2n, ino: 3n },
    ...(ids === null ? {} : { uid: ids[0], gid: ids[1] }),
    ...(error === null ? {} : { error }),
  }));

it('a listing keeps uid and gid where there are any, beside entries of earlier looks without them', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), (facts) => {
      const entries = facts.map((one, at): Entry => ({ ...one, name: `${at}${at % 2 === 0 ? 'ü' : ''}` }));
      const packed = encodeListing(entries);

      expect(decodeListing(packed)).toEqual(entries);
      expect(countEntries(packed)).toBe(entries.length);
    }),
  );
});
