import { expect, test } from 'vitest';
import { pathHazard } from '../../../src/batch/path-hazard.ts';
import type { SharePath } from '../../../src/core/share-path.ts';

test.each(['a', 'a/b', '.a/..b/c...d', `${'ü'.repeat(100)}/`.repeat(17) + 'a'])(
  '%j can be carried',
  (path) => {
    expect(pathHazard(path as SharePath)).toBeUndefined();
  },
);

test.each([
  ['', /empty/],
  ['a//b', /empty/],
  ['a/../b', /'\.\.'/],
  ['../a', /'\.\.'/],
  ['a/.', /'\.'/],
  [`${'ü'.repeat(100)}/`.repeat(18), /3500 bytes/],
])('%j cannot', (path, why) => {
  expect(pathHazard(path as SharePath)).toMatch(why);
});
