import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SharePath } from '../../../src/core/share-path.ts';
import type { Source } from '../../../src/ledger/vanished.ts';
import { matchFolder } from '../../../src/nightly/match-folder.ts';

const fresh = (name: string) => ({ name, size: 10, mtimeNs: 5n });
const places = fc.constantFrom('a/run1', 'a/run2', 'b/old') as fc.Arbitrary<SharePath>;
const source = fc.record({ was: places, batch: fc.integer({ min: 1, max: 3 }) });
const folder = fc.uniqueArray(
  fc.record({ name: fc.string({ minLength: 1, maxLength: 3 }), sources: fc.array(source, { maxLength: 4 }) }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 12 },
);

function match(files: readonly { readonly name: string; readonly sources: readonly Source[] }[]) {
  const byName = new Map(files.map(({ name, sources }) => [name, sources]));
  return matchFolder(
    files.map(({ name }) => fresh(name)),
    ({ name }) => byName.get(name) ?? [],
  );
}

describe('matchFolder', () => {
  it('takes only a place where at least half of the files come from, and the one with the most', () => {
    fc.assert(
      fc.property(folder, (files) => {
        const fromPlace = (was: string) =>
          files.filter(({ sources }) => sources.some((one) => one.was === was)).length;
        const most = Math.max(...['a/run1', 'a/run2', 'b/old'].map(fromPlace));

        const found = match(files);

        expect(found !== undefined).toBe(most > 0 && most * 2 >= files.length);
        expect(found?.files.length ?? most).toBe(most);
        expect(found === undefined ? most : fromPlace(found.was)).toBe(most);
      }),
    );
  });

  it('gives each file once, with a batch that had it at that very place', () => {
    fc.assert(
      fc.property(folder, (files) => {
        const found = match(files);

        const names = found?.files.map(({ file }) => file.name) ?? [];
        expect(new Set(names).size).toBe(names.length);
        for (const { file, batch } of found?.files ?? [])
          expect(files.find(({ name }) => name === file.name)?.sources).toContainEqual({
            was: found?.was,
            batch,
          });
      }),
    );
  });

  it('says the same whatever the order of the files', () => {
    fc.assert(
      fc.property(folder, (files) => {
        expect(match(files.toReversed())?.was).toBe(match(files)?.was);
      }),
    );
  });
});
