import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePaths } from '../../../src/batch/compare-paths.ts';
import { joinBatches } from '../../../src/batch/join-batches.ts';
import { COLLECTOR, ownerId } from '../../../src/core/ids.ts';
import type { BatchPlan } from '../../../src/core/model.ts';
import { entry, planOf } from '../../support/ledger-fixture.ts';

const wide = { maxBytes: 1e9, maxFiles: 10_000, joins: true };

function dataset(dir: string, files = 1, changes: Partial<BatchPlan> = {}): BatchPlan {
  const entries = Array.from({ length: files }, (_, at) => entry(`${at}.dat`));
  return planOf(dir, entries, { facts: { dataset: dir, instrument: 'SEM1' }, ...changes });
}
const join = (plans: readonly BatchPlan[], caps: Partial<typeof wide> = {}): BatchPlan[] => [
  ...joinBatches(plans, () => ({ ...wide, ...caps })),
];

describe('datasets in one batch', () => {
  it('are one batch that says which they are, where they lie together, and what is true of all', () => {
    const plans = ['SEM1/mueller/iron', 'SEM1/mueller/gold', 'SEM1/mueller/gold 2'].map((dir) =>
      dataset(dir),
    );

    const [batch, ...others] = join(plans);

    expect(others).toEqual([]);
    expect(batch).toMatchObject({
      dataset: 'SEM1/mueller',
      joins: plans.map((plan) => plan.dataset),
      facts: { instrument: 'SEM1' },
      bytes: 30,
    });
    expect(batch?.facts).not.toHaveProperty('dataset');
    expect(plans.map(({ id }) => id)).not.toContain(batch?.id);
  });

  it('stay apart where the destination does not want them joined, and a single one stays what it was', () => {
    const plans = ['a/x', 'a/y'].map((dir) => dataset(dir));

    expect(join(plans, { joins: false })).toEqual(plans);
    expect(join(plans.slice(0, 1))).toEqual(plans.slice(0, 1));
  });

  it.each<[string, Partial<BatchPlan>]>([
    ['of another owner', { owner: ownerId('schmidt') }],
    ['of another rule', { rule: 'rule 2' }],
    ['of another instrument', { instrument: 'XRD' }],
    ['that is compressed', { compress: true }],
    ['that is another version', { addendum: true }],
    ['that joins a delivered one late', { follows: planOf('z', [entry('z')]).id }],
    ["in somebody's place", { reason: 'mueller has left' }],
    ['whose files go one by one', { pack: 'files' }],
    ["that goes into a rule's own uploads", { apart: 'Films' }],
  ])('never take in one %s', (_what, changes) => {
    const plans = [dataset('a/x'), dataset('a/y', 1, changes)];

    const batches = join(plans);

    expect(batches.toSorted((a, b) => (a.dataset < b.dataset ? -1 : 1))).toEqual(plans);
  });

  it('stay apart at the collector, where they are claimed by dataset', () => {
    const plans = ['a/x', 'a/y'].map((dir) => dataset(dir, 1, { owner: COLLECTOR }));

    expect(join(plans)).toEqual(plans);
  });

  it('lose no file, double none, keep to the caps and to the order of paths', () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.constantFrom('mueller', 'schmidt')), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 7, max: 20 }), (made, maxFiles) => {
        const plans = made.map(([files, owner], at) =>
          dataset(`i/${owner}/${at}`, files, { owner: ownerId(owner) }),
        );

        const batches = join(plans, { maxFiles, maxBytes: maxFiles * 10 });

        const paths = (of: readonly BatchPlan[]): string[] =>
          of.flatMap(({ files }) => files.map(({ path }) => path));
        expect(paths(batches).toSorted()).toEqual(paths(plans).toSorted());
        for (const { owner, files, bytes, joins, dataset: folder } of batches) {
          expect(files.length).toBeLessThanOrEqual(maxFiles);
          expect(bytes).toBe(files.length * 10);
          expect(files).toEqual(files.toSorted((a, b) => comparePaths(a.path, b.path)));
          expect(files.every(({ path }) => path.startsWith(`i/${owner}/`))).toBe(true);
          for (const one of joins ?? []) expect(one.startsWith(`${folder}/`)).toBe(true);
        }
      }),
    );
  });
});
