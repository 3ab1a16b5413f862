import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withFiles } from '../../src/batch/with-files.ts';
import { decodeBytes } from '../../src/core/share-path.ts';
import { halvesOf, wholeOf } from '../../src/delivery/cut.ts';
import { entry, planOf } from '../support/ledger-fixture.ts';

const SLASH = 47;

/** Any name that a share may have, also one that is no UTF-8. */
const name = fc
  .uint8Array({ min: 1, max: 255, minLength: 1, maxLength: 4 })
  .filter((bytes) => !bytes.includes(SLASH))
  .map((bytes) => decodeBytes(Buffer.from(bytes)));

it('halves put together again are the batch that was cut, whatever its files are called and whichever half comes first', () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 6 }), (names) => {
      const plan = planOf(
        'SEM1/a',
        names.map((one) => entry(one)),
      );
      const batch = { ...withFiles(plan, plan.files), plannedAt: 1, epoch: 1, attempts: 1 };
      const halves = halvesOf(batch).map((half) => ({ ...batch, ...half }));

      expect(halves).toHaveLength(2);
      expect(wholeOf(halves.toReversed())).toMatchObject({ id: batch.id, bytes: batch.bytes });
    }),
  );
});
