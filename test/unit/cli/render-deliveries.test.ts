import { describe, expect, it } from 'vitest';
import { deliveryLines } from '../../../src/cli/render-deliveries.ts';
import type { DeliveryLine } from '../../../src/nightly/report-deliveries.ts';

const LINE: DeliveryLine = {
  ...{
    batch: 'b-1',
    owner: 'mueller',
    destination: 'nomad',
    dataset: 'TEM/mueller/gold',
    files: 1,
    bytes: 4,
  },
  ...{ evidence: 'confirmed', how: 'read back', location: 'upload u1' },
};
const rowsOf = (...lines: readonly Partial<DeliveryLine>[]): string[] =>
  deliveryLines({ deliveries: lines.map((line) => ({ ...LINE, ...line })), finishedAt: 0 }).map((row) =>
    row.replaceAll(/ {2,}/g, '  '),
  );

describe('the rows of what was delivered', () => {
  it('name the file where a batch has only one, so that no two rows are the same', () => {
    expect(rowsOf({ file: 'TEM/mueller/gold/a.mrc' }, { file: 'TEM/mueller/gold/b.mrc' })).toEqual([
      'confirmed  mueller  TEM/mueller/gold/a.mrc  1 file  4 B  → upload u1',
      'confirmed  mueller  TEM/mueller/gold/b.mrc  1 file  4 B  → upload u1',
    ]);
  });

  it.each([
    ['all of a few', { datasets: ['TEM/mueller/gold', 'TEM/mueller/iron'] }, 'gold, iron'],
    [
      'the first of many, and how many more there are',
      { datasets: ['TEM/mueller/gold', 'TEM/mueller/iron'], moreDatasets: 1200 },
      'gold, iron and 1,200 more',
    ],
  ])('name the datasets that one batch joins: %s', (_which, joined, words) => {
    expect(rowsOf({ dataset: 'TEM/mueller', files: 6, ...joined })).toEqual([
      `confirmed  mueller  TEM/mueller: ${words}  6 files  4 B  → upload u1`,
    ]);
  });

  it('name joined datasets in full where they have no folder in common', () => {
    expect(rowsOf({ dataset: '', datasets: ['SEM1/a', 'TEM/b'] })[0]).toContain('  SEM1/a, TEM/b  ');
  });
});
