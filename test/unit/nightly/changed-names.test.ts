import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldedName, hazardOf, renamed, safeName, safeNameAt } from '../../../src/core/safe-name.ts';
import type { SharePath } from '../../../src/core/share-path.ts';
import type { Neighbour, Standing } from '../../../src/ledger/neighbours.ts';
import { changedNames, keyOf } from '../../../src/nightly/changed-names.ts';

const DIR = 'SEM1/mueller' as SharePath;
const file = (name: string): Neighbour => ({ name, kind: 'file' });
const directory = (name: string): Neighbour => ({ name, kind: 'directory' });

const namesOf = (all: readonly Neighbour[]) => ({
  files: all.filter(({ kind }) => kind === 'file').map(({ name: own }) => own),
  dirs: all.filter(({ kind }) => kind === 'directory').map(({ name: own }) => own),
});

/** A directory over many nights, as share and ledger would have it. */
class Nights {
  readonly seen = new Map<string, Neighbour>();
  readonly delivered = new Map<string, string>();
  readonly #given = new Map<string, string>();

  names(): Map<string, string> {
    const changed = changedNames({
      dir: DIR,
      ...namesOf([...this.seen.values()]),
      given: (one) => this.#given.get(keyOf(one)),
      isGiven: this.#given.size > 0,
      standing: (one): Standing => (this.delivered.has(keyOf(one)) ? 'planned' : 'seen'),
      isGone: () => false,
    });
    return new Map([...this.seen].map(([key, { name }]) => [key, changed.get(key) ?? name]));
  }

  /** Plans these, and answers with the names they went under. */
  deliver(...which: readonly Neighbour[]): string[] {
    for (const one of which) this.seen.set(keyOf(one), one);
    const names = this.names();
    return which.map((one) => {
      const as = names.get(keyOf(one)) ?? '';
      if (as !== safeNameAt(DIR, one.name)) this.#given.set(keyOf(one), as);
      this.delivered.set(keyOf(one), as);
      return as;
    });
  }

  /** Gone from the share before it was ever planned. */
  forget(one: Neighbour): void {
    if (!this.delivered.has(keyOf(one))) this.seen.delete(keyOf(one));
  }
}

describe('twins', () => {
  test('trap 16: of case twins that come together the first by its bytes keeps its name', () => {
    expect(new Nights().deliver(file('scan.tif'), file('Scan.tif'), file('other.tif'))).toEqual([
      renamed('scan.tif', 0),
      'Scan.tif',
      'other.tif',
    ]);
  });

  test('trap 16: a twin that comes weeks later gets the other name, and the first keeps its own', () => {
    const nights = new Nights();

    expect(nights.deliver(file('scan.tif'))).toEqual(['scan.tif']);
    expect(nights.deliver(file('Scan.tif'))).toEqual([renamed('Scan.tif', 0)]);
    expect(nights.deliver(file('scan.tif'), file('SCAN.tif'))).toEqual(['scan.tif', renamed('SCAN.tif', 0)]);
  });

  test('trap 16: NFC and NFD twins are told apart, and each alone stays as it is', () => {
    const [nfc, nfd] = ['M\u00fcller', 'Mu\u0308ller'];

    expect(new Nights().deliver(file(nfd))).toEqual([nfd]);
    expect(new Nights().deliver(file(nfc), file(nfd))).toEqual([renamed(nfc, 0), nfd]);
  });

  test('trap 16: directories are told apart like files, and a file from a directory', () => {
    expect(new Nights().deliver(directory('Run1'), directory('run1'))).toEqual(['Run1', renamed('run1', 0)]);
    expect(new Nights().deliver(file('data'), directory('Data'))).toEqual([renamed('data', 0), 'Data']);
    const nights = new Nights();
    expect(nights.deliver(file('data'))).toEqual(['data']);
    expect(nights.deliver(directory('data'))).toEqual([renamed('data', 0)]);
  });

  test('a file that is called like the safe name of another keeps its own, and is not met', () => {
    const taken = safeName('a:b');
    const nights = new Nights();

    expect(nights.deliver(file(taken))).toEqual([taken]);
    expect(nights.deliver(file('a:b'))).toEqual([renamed('a:b', 0) === taken ? renamed('a:b', 1) : taken]);
    expect(nights.names().get('a:b')).not.toBe(taken);
  });

  test('nor is one that is called like the second safe name of another', () => {
    const nights = new Nights();
    const second = renamed(renamed('a', 0), 0);

    expect(nights.deliver(directory(second))).toEqual([second]);
    expect(nights.deliver(file('A'), file('a'))).toEqual(['A', renamed('a', 0)]);
    expect(nights.deliver(file(renamed('a', 0)))).toEqual([renamed(renamed('a', 0), 1)]);
    expect(nights.names().get(`${second}/`)).toBe(second);
  });

  test('what goes away before it was delivered takes no name with it', () => {
    const nights = new Nights();
    nights.seen.set('Scan.tif', file('Scan.tif'));
    nights.seen.set('scan.tif', file('scan.tif'));
    nights.forget(file('Scan.tif'));

    expect(nights.deliver(file('scan.tif'))).toEqual(['scan.tif']);
  });
});

/** Few names that meet in many ways: twins, hazards, and names that look like safe ones. */
const base = fc.constantFrom(
  'a',
  'A',
  'a.txt',
  'A.TXT',
  'ü',
  'u\u0308',
  'Ü',
  'a:',
  'a?',
  'A:',
  'aux',
  'a\n',
  'ß',
  'SS',
  'a\udcff',
);
const name = fc.oneof(
  base,
  fc.tuple(base, fc.nat(1)).map(([one, turn]) => renamed(one, turn)),
  base.map((one) => renamed(renamed(one, 0), 0)),
);
const neighbour: fc.Arbitrary<Neighbour> = fc.record({
  name,
  kind: fc.constantFrom('file' as const, 'directory' as const),
});
const night = fc.record({
  appear: fc.array(neighbour, { maxLength: 5 }),
  vanish: fc.array(neighbour, { maxLength: 2 }),
  deliver: fc.array(neighbour, { maxLength: 4 }),
});

describe('over any nights', () => {
  test('no two ever get names that some file system takes for one, and a name once given stays', () => {
    fc.assert(
      fc.property(fc.array(night, { maxLength: 8 }), (all) => {
        const nights = new Nights();
        for (const { appear, vanish, deliver } of all) {
          for (const one of appear) nights.seen.set(keyOf(one), one);
          for (const one of vanish) nights.forget(one);
          const before = new Map(nights.delivered);
          nights.deliver(...deliver);

          const names = nights.names();
          const folded = [...names.values()].map(foldedName);

          expect([...before].filter(([key, as]) => nights.delivered.get(key) !== as)).toEqual([]);
          expect([...nights.delivered].filter(([key, as]) => names.get(key) !== as)).toEqual([]);
          expect(new Set(folded).size).toBe(folded.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('every name is one without a hazard, and one without twins and hazards is untouched', () => {
    fc.assert(
      fc.property(fc.array(neighbour, { minLength: 1, maxLength: 8 }), (all) => {
        const nights = new Nights();
        nights.deliver(...all);

        const isHarmless = ([key, one]: [string, Neighbour]): boolean =>
          hazardOf(one.name) === undefined &&
          [...nights.seen].every(
            ([other, { name: its }]) => other === key || foldedName(safeName(its)) !== foldedName(one.name),
          );
        const harmless = [...nights.seen].filter(isHarmless);
        expect([...nights.names().values()].map(hazardOf).filter((why) => why !== undefined)).toEqual([]);
        expect(harmless.map(([key]) => nights.names().get(key))).toEqual(harmless.map(([, one]) => one.name));
      }),
    );
  });

  test('the same names give the same answer in any order', () => {
    const several = fc.uniqueArray(neighbour, { selector: keyOf, maxLength: 8 });
    const standing = (): Standing => 'seen';
    const about = { dir: DIR, given: () => undefined, isGiven: false, standing, isGone: () => false };
    fc.assert(
      fc.property(several, (all) => {
        const one = changedNames({ ...about, ...namesOf(all) });
        const other = changedNames({ ...about, ...namesOf(all.toReversed()) });

        expect(Object.fromEntries(one)).toEqual(Object.fromEntries(other));
      }),
    );
  });
});
