import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BatchPlan } from '../../../src/core/model.ts';
import { pieces } from '../../../src/nightly/plan-all.ts';
import { entry, planOf } from '../../support/ledger-fixture.ts';

const plans = fc
  .array(fc.record({ dataset: fc.integer({ min: 0, max: 5 }), files: fc.integer({ min: 1, max: 60_000 }) }), {
    maxLength: 30,
  })
  .map((list) =>
    list
      .toSorted((a, b) => a.dataset - b.dataset)
      .map(({ dataset, files }): BatchPlan => {
        const plan = planOf(`SEM1/mueller/${dataset}`, [entry('x')]);
        return { ...plan, files: { length: files } as BatchPlan['files'] };
      }),
  );

it('pieces hold every batch once and in order, and no more files than fit', () => {
  fc.assert(
    fc.property(plans, (all) => {
      let now = 0;
      const cut = [...pieces(all, () => (now += 7))];

      expect(cut.flat()).toEqual(all);
      for (const piece of cut) {
        expect(piece.length).toBeGreaterThan(0);
        const files = piece.reduce((sum, plan) => sum + plan.files.length, 0);
        expect(piece.length === 1 || files <= 100_000).toBe(true);
      }
    }),
  );
});

it('a dataset stays together while it fits, however long it takes to plan it', () => {
  const one = planOf('SEM1/mueller/a', [entry('x')]);
  const other = planOf('SEM1/mueller/b', [entry('x')]);
  let now = 0;

  const cut = [...pieces([one, one, one, other], () => (now += 1000))];

  expect(cut).toEqual([[one, one, one], [other]]);
});
