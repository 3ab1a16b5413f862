import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SAMPLE_BYTES, SAMPLE_FILES, sampleOf } from '../../src/destinations/nomad/read-hashes.ts';
import { contentOf } from '../support/content.ts';

const batchOf = (sizes: readonly number[], owner = 'alice') => {
  const names = sizes.map((_, n) => [`SEM1/${n}`, ''] as const);
  const { batch } = contentOf({ owner, files: Object.fromEntries(names) });
  return { ...batch, files: batch.files.map((file, n) => ({ ...file, size: sizes[n] ?? 0 })) };
};

describe('the sample of a batch that is read back', () => {
  it('is within its bounds, takes no empty file, and is the same however often it is drawn', () => {
    const sizes = fc.array(fc.oneof(fc.nat(1000), fc.nat(2 * SAMPLE_BYTES), fc.constant(0)), {
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(sizes, (all) => {
        const batch = batchOf(all);

        const sample = sampleOf(batch);

        expect(sample.length).toBeLessThanOrEqual(SAMPLE_FILES);
        expect(sample.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(SAMPLE_BYTES);
        expect(sample.every((file) => file.size > 0 && batch.files.includes(file))).toBe(true);
        expect(new Set(sample).size).toBe(sample.length);
        expect(sampleOf(batch)).toEqual(sample);
        const fits = all.some((size) => size > 0 && size <= SAMPLE_BYTES);
        expect(sample.length > 0).toBe(fits);
      }),
    );
  });

  it('is another one for another batch', () => {
    const sizes = Array.from({ length: 500 }, () => 10);

    const [one, other] = ['alice', 'bob'].map((owner) => sampleOf(batchOf(sizes, owner)));

    expect(one?.map(({ path }) => path)).not.toEqual(other?.map(({ path }) => path));
  });
});
