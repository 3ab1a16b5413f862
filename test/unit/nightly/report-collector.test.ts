import { expect, it } from 'vitest';
import { shareName } from '../../../src/core/ids.ts';
import { sharePath } from '../../../src/core/share-path.ts';
import type { Collected } from '../../../src/ledger/collected.ts';
import { collectorReport } from '../../../src/nightly/report-collector.ts';

const one = (dataset: string, code: Collected['code'], bytes: number, since: number): Collected => ({
  ...{ share: shareName('lab'), dataset: sharePath(dataset), instrument: 'SEM1', code, reason: 'why' },
  ...{ files: 1, bytes, since },
});

it('what lies with the collector is told by code, with the oldest, and is over the limit only above it', () => {
  const all = [one('a', 'NO_RULE', 70, 9), one('b', 'UNKNOWN_OWNER', 20, 5), one('c', undefined, 10, 7)];

  expect(collectorReport(all, 100)).toMatchObject({
    files: 3,
    bytes: 100,
    oldest: 5,
    over: false,
    warnAbove: 100,
  });
  expect(collectorReport(all, 99).over).toBe(true);
  expect(collectorReport(all, undefined).byCode.map(({ code, bytes }) => [code, bytes])).toEqual([
    ['NO_RULE', 70],
    ['UNKNOWN_OWNER', 20],
    ['-', 10],
  ]);
  expect(collectorReport([], 1)).toMatchObject({ files: 0, oldest: null, over: false });
});
