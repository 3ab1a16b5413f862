import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goesRaw } from '../../src/destinations/nomad/send-raw.ts';
import { contentOf } from '../support/content.ts';

/** What the platform takes apart by its ending, whatever is in it (nomad/files.py, both generations). */
const UNPACKED = ['zip', 'Eln', 'tAr', 'tgZ', 'GZ', 'tar.gz', 'TAR.bz2', 'ZIP', 'Tar.Gz', 'eln'];

const oneFile = (path: string, bytes: string | Uint8Array = 'x') =>
  contentOf({ owner: 'alice', files: { [path]: bytes } });

describe('a batch of one file goes without a zip', () => {
  it('when the platform takes it as it is', () => {
    expect(goesRaw(oneFile('SEM1/run 1/ä.tif'))).toBe(true);
    expect(goesRaw(oneFile('SEM1/zip'))).toBe(true);
    expect(goesRaw(oneFile('SEM1/archive.zip.txt'))).toBe(true);
    expect(goesRaw(oneFile('SEM1.zip/a.tif'))).toBe(true);
    expect(goesRaw(oneFile('SEM1/a:b\\c'))).toBe(true);
  });

  it('but never an empty file, of which there is nothing to send', () => {
    expect(goesRaw(oneFile('SEM1/a.tif', ''))).toBe(false);
  });

  it('but not two files, and not what a rule wants compressed', () => {
    const one = oneFile('SEM1/a.log');

    expect(goesRaw(contentOf({ owner: 'alice', files: { 'SEM1/a': 'a', 'SEM1/b': 'b' } }))).toBe(false);
    expect(goesRaw({ ...one, batch: { ...one.batch, compress: true } })).toBe(false);
  });

  it('but never under a name that the platform would unpack, in whatever case', () => {
    const stem = fc.stringMatching(/^[a-zA-Z0-9 ._-]{0,20}$/);

    fc.assert(
      fc.property(stem, fc.constantFrom(...UNPACKED), (name, ending) => {
        expect(goesRaw(oneFile(`SEM1/s${name}.${ending}`))).toBe(false);
      }),
    );
  });

  it('but not with a path that no URL holds, or a name that no request can carry', () => {
    const deep = Array.from({ length: 12 }, () => 'ü'.repeat(120)).join('/');

    expect(goesRaw(oneFile(`${deep}/a.tif`))).toBe(false);
    expect(goesRaw(oneFile('SEM1/a\nb'))).toBe(false);
    expect(goesRaw(oneFile('SEM1/a\udcff'))).toBe(false);
  });
});
