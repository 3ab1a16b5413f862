import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactPath, fillGlob, foldCase, matchGlob, parseGlob } from '../../../src/core/glob.ts';

const stars = (pattern: string, path: string) => matchGlob(parseGlob(pattern), path)?.stars;

describe('a pattern for files', () => {
  it.each([
    ['*.czi', 'a.czi', ['a']],
    ['*.czi', 'A.CZI', ['A']],
    ['ä*.czi', 'ÄB.CZI', ['B']],
    ['İ*.czi', 'İB.CZI', ['B']],
    ['*.czi', 'deep/below/a.czi', ['a']],
    ['*.czi', 'a.czi.tmp', undefined],
    ['*', '', ['']],
    ['?.tif', 'ä.tif', []],
    ['?.tif', '𝒳.tif', []],
    ['?.tif', '.tif', undefined],
    ['*_?.ser', 'a_1_2.ser', ['a_1']],
    ['*_*.ser', 'a_1_2.ser', ['a', '1_2']],
    ['a*b*b', 'abbb', ['', 'b']],
    ['a*b*b', 'ab', undefined],
    ['done', 'DONE', []],
    ['*.files/*.tif', 'run/x.files/s01.tif', ['x', 's01']],
    ['*.files/*.tif', 's01.tif', undefined],
    ['/done', 'done', []],
    ['/done', 'below/done', undefined],
  ])('%s against %s', (pattern, path, found) => {
    expect(stars(pattern, path)).toEqual(found);
  });

  it('says in which directory it matched', () => {
    expect(matchGlob(parseGlob('*.files/*.tif'), 'run/1/x.files/s01.tif')?.base).toBe('run/1');
    expect(matchGlob(parseGlob('*.tif'), 's01.tif')?.base).toBe('');
  });

  it.each(['', '/', 'a//b', 'a/', './a', '../a', '**', 'a/**/b'])('%s is refused', (pattern) => {
    expect(() => parseGlob(pattern)).toThrow(RangeError);
  });

  it('with its stars filled in is the name of the companion, as people write it', () => {
    const companion = fillGlob(parseGlob('*.oif.files/*.tif'), ['Scan 1']);

    expect(companion.text).toBe('Scan 1.oif.files/*.tif');
    expect(exactPath(companion)).toBeUndefined();
    expect(exactPath(fillGlob(parseGlob('*.XML'), ['Scan*1']))).toBe('scan*1.xml');
    expect(matchGlob(companion, 'scan 1.OIF.files/s_C001.tif')?.stars).toEqual(['s_C001']);
  });

  it('finds in a name what it was made of, and gives the name back when filled with it', () => {
    const text = fc
      .string({ unit: 'grapheme', maxLength: 8 })
      .map((value) => value.replaceAll(/[/*?.]/g, '-'));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (parts) => {
        const name = parts.join('.');
        const glob = parseGlob(parts.map(() => '*').join('.'));
        const found = matchGlob(glob, name);

        expect(found).toBeDefined();
        expect(fillGlob(glob, found?.stars ?? []).text).toBe(name);
      }),
    );
  });

  it('takes no longer for a name made to be slow', () => {
    const glob = parseGlob(`${'*a'.repeat(20)}b`);

    expect(matchGlob(glob, 'a'.repeat(4000))).toBeUndefined();
  });

  it('folds letters without changing the length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(foldCase(text)).toHaveLength(text.length);
      }),
    );
  });
});
