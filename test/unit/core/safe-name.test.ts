import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldedName, hazardOf, renamed, safeName } from '../../../src/core/safe-name.ts';
import { decodeBytes, encodeBytes } from '../../../src/core/share-path.ts';

const hash8 = (name: string): string =>
  createHash('sha256').update(encodeBytes(name)).digest('hex').slice(0, 8);

/** Any bytes a Linux file system takes as a name, often with what is a hazard. */
const anyName = fc
  .oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map(decodeBytes),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    fc
      .array(
        fc.constantFrom('a', 'B', '.', ' ', ':', '\n', '\\', '\u0308', 'u', 'ü', '~', 'aux', '.gz', '\udcff'),
        {
          minLength: 1,
          maxLength: 8,
        },
      )
      .map((parts) => parts.join('')),
  )
  .map((text) => text.replaceAll(/[/\0]/g, '_'))
  .filter((name) => name !== '.' && name !== '..');

describe('the safe name', () => {
  test.each([
    ['img_001.tif'],
    ['Müller, Anna (2).dat'],
    ['Mu\u0308ller'],
    ['.hidden'],
    ['a~1a2b3c4d.txt'],
    ['auxiliary.dat'],
    ['1.5 mm #3 [x] {y} 100%'],
    ['日本語'],
    ['\u{1f600}'],
    ['a\u0080b'],
  ])('%j needs none and stays as it is, to the byte', (name) => {
    expect(hazardOf(name)).toBeUndefined();
    expect(safeName(name)).toBe(name);
  });

  test.each([
    ['trap 16: a newline', 'a\nb.txt', 'a_b~#.txt', /control character/],
    ['trap 16: a backslash', 'C:\\data.csv', 'C__data~#.csv', /":" and "\\"/],
    ['a character Windows reserves', 'x<1>?.dat', 'x_1__~#.dat', /"<", ">" and "\?"/],
    ['trap 16: a dot at the end', 'scan.', 'scan~#', /dot or space at its end/],
    ['trap 16: a space at the end', 'scan.jpg ', 'scan~#.jpg', /dot or space at its end/],
    ['nothing but dots', '...', '_~#', /dot or space/],
    ['trap 16: bytes outside UTF-8', 'K\udcf6rner.tif', 'K_rner~#.tif', /not UTF-8/],
    ['a Windows device', 'aux.c', 'aux_~#.c', /"aux" is a device/],
    ['a Windows device before two extensions', 'CON.tar.gz', 'CON_~#.tar.gz', /"CON" is a device/],
    ['a decomposed letter beside a hazard', 'u\u0308:', 'ü_~#', /":"/],
  ])('%s is replaced, and the name gets eight digits of its hash', (_, name, safe, why) => {
    expect(safeName(name)).toBe(safe.replace('#', hash8(name)));
    expect(hazardOf(name)).toMatch(why);
  });

  test('trap 16: a name of more than 255 bytes is cut before its extension, never inside a character', () => {
    const name = `${'ü'.repeat(200)}.ome.tiff`;

    const safe = safeName(name);

    expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255);
    expect(Buffer.byteLength(safe)).toBeGreaterThan(250);
    expect(safe).toMatch(/^ü+~[0-9a-f]{8}\.ome\.tiff$/);
    expect(hazardOf(name)).toBe('it has 409 bytes, file systems take 255');
  });

  test('is what docs/names.md shows', () => {
    const page = readFileSync(new URL('../../../docs/names.md', import.meta.url), 'utf8');

    expect(page).toContain(`scan 3: overview?.tif   →   ${safeName('scan 3: overview?.tif')}\n`);
    expect(page).toContain(`run 3: gold/ → ${safeName('run 3: gold')}/`);
  });

  test('has no hazard left, whatever the name was', () => {
    fc.assert(
      fc.property(anyName, fc.nat(3), (name, turn) => {
        for (const safe of [safeName(name), renamed(name, turn)]) {
          expect(hazardOf(safe)).toBeUndefined();
          expect(safeName(safe)).toBe(safe);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a name that had to be changed is in normal form NFC and plain text', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const safe = renamed(name, 0);

        expect(safe.isWellFormed()).toBe(true);
        expect(safe.normalize('NFC')).toBe(safe);
      }),
      { numRuns: 2000 },
    );
  });

  test('two names that are changed never meet, not even where case and Unicode form do not count', () => {
    fc.assert(
      fc.property(anyName, anyName, (a, b) => {
        fc.pre(a !== b);

        expect(foldedName(renamed(a, 0))).not.toBe(foldedName(renamed(b, 0)));
      }),
      { numRuns: 2000 },
    );
  });

  test('each further turn gives another name', () => {
    expect(new Set([0, 1, 2, 3].map((turn) => renamed('a', turn))).size).toBe(4);
  });
});

describe('folded', () => {
  test.each([
    ['capitals', 'Run1', 'run1'],
    ['composed and decomposed', 'M\u00fcller', 'Mu\u0308ller'],
    ['both', 'M\u00dcLLER', 'mu\u0308ller'],
    ['a sharp s', 'STRASSE', 'stra\u00dfe'],
    ['the Kelvin sign', '5\u212a', '5k'],
    ['the end form of sigma', '\u039f\u03a3', '\u03bf\u03c2'],
    ['characters that are not seen', 'a\u200db', 'ab'],
  ])('%s are one name', (_, a, b) => {
    expect(foldedName(a)).toBe(foldedName(b));
  });

  test.each([
    ['a', 'b'],
    ['ü', 'u'],
    ['a.b', 'a_b'],
    ['\udcf6', '\udcfc'],
  ])('%j and %j stay two', (a, b) => {
    expect(foldedName(a)).not.toBe(foldedName(b));
  });

  test('what any of upper, lower and the normal forms joins is joined', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 12 });
    fc.assert(
      fc.property(text, (name) => {
        for (const other of [
          name.toUpperCase(),
          name.toLowerCase(),
          name.normalize('NFC'),
          name.normalize('NFD'),
        ])
          expect(foldedName(other)).toBe(foldedName(name));
      }),
      { numRuns: 2000 },
    );
  });
});
