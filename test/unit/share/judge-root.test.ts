import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IngestError } from '../../../src/core/errors.ts';
import { shareName } from '../../../src/core/ids.ts';
import { judgeRoot, type ShareIdentity } from '../../../src/share/prove-share.ts';

const TARGET = { name: shareName('lab'), root: '/srv/share', marker: '.nightjar-share' };
const FACTS = {
  isDirectory: true,
  device: 32,
  mounted: true,
  fsType: '0xfe534d42 cifs',
  source: '//nas/instruments',
  topLevel: 3,
  dirs: ['SEM1', 'TEM', 'XRD'],
  missing: [],
  marker: 'file',
};
const KNOWN: ShareIdentity = {
  device: 32,
  mounted: true,
  fsType: '0xfe534d42 cifs',
  source: '//nas/instruments',
  topLevel: 3,
  dirs: ['SEM1', 'TEM', 'XRD'],
};

function failureOf(facts: Parameters<typeof judgeRoot>[1], remembered?: ShareIdentity): IngestError {
  try {
    judgeRoot(TARGET, facts, remembered);
  } catch (error) {
    if (error instanceof IngestError) return error;
  }
  throw new Error('it was proven');
}

function refuses(facts: Parameters<typeof judgeRoot>[1], remembered: ShareIdentity): boolean {
  try {
    judgeRoot(TARGET, facts, remembered);
    return false;
  } catch {
    return true;
  }
}

describe('judgeRoot', () => {
  test('gives the identity of a share that nothing is remembered of', () => {
    expect(judgeRoot(TARGET, FACTS, undefined)).toEqual(KNOWN);
  });

  test('accepts a new device number of the same share and reports it', () => {
    expect(judgeRoot(TARGET, { ...FACTS, device: 77 }, KNOWN)).toEqual({ ...KNOWN, device: 77 });
  });

  test('refuses a root on which nothing is mounted any more, and says what is missing', () => {
    const error = failureOf({ ...FACTS, mounted: false, fsType: '0xef53 ext4', source: '/dev/vda' }, KNOWN);

    expect(error.code).toBe('SHARE_NOT_PROVEN');
    expect(error.message).toContain('nothing is mounted there; expected //nas/instruments');
  });

  test.each([{ fsType: '0x6969 nfs4' }, { source: '//nas/other' }])('refuses another share: %o', (change) => {
    const error = failureOf({ ...FACTS, ...change }, KNOWN);

    expect(error.code).toBe('SHARE_NOT_PROVEN');
    expect(error.message).toMatch(/expected .* found /);
    expect(error.hint).toContain('/srv/share');
  });

  test('refuses an empty root only when it was not empty before', () => {
    const empty = { ...FACTS, topLevel: 0 };

    expect(judgeRoot(TARGET, empty, undefined).topLevel).toBe(0);
    expect(judgeRoot(TARGET, empty, { ...KNOWN, topLevel: 0 }).topLevel).toBe(0);
    expect(failureOf(empty, KNOWN).code).toBe('SHARE_NOT_PROVEN');
  });

  test('refuses another share behind the same marker and mount: most of the remembered directories are gone', () => {
    const error = failureOf({ ...FACTS, missing: ['SEM1', 'XRD'] }, KNOWN);

    expect(error.code).toBe('SHARE_NOT_PROVEN');
    expect(error.message).toContain('2 of 3 directories of its root are gone: SEM1, XRD');
    expect(error.hint).toContain('nightjar accept-share lab');
  });

  test('accepts that one instrument went away, and one that was the only one', () => {
    expect(judgeRoot(TARGET, { ...FACTS, missing: ['SEM1'] }, KNOWN)).toEqual(KNOWN);
    const only = { ...KNOWN, dirs: ['SEM1'] };
    expect(judgeRoot(TARGET, { ...FACTS, missing: ['SEM1'] }, only)).toEqual(KNOWN);
  });

  test('refuses by the majority of what is remembered, whatever the names are', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(names, fc.nat(30), (dirs, many) => {
        const missing = dirs.slice(0, many);
        const isAnother = missing.length >= 2 && missing.length * 2 > dirs.length;

        const isRefused = refuses({ ...FACTS, missing }, { ...KNOWN, dirs });

        expect(isRefused).toBe(isAnother);
      }),
    );
  });

  test('accepts an identity that was remembered before names were', () => {
    const { dirs: _, ...older } = KNOWN;

    expect(judgeRoot(TARGET, FACTS, older)).toEqual(KNOWN);
  });

  test.each([
    ['ENOENT', /is missing/],
    ['other', /not a regular file/],
    ['EACCES', /no right/],
  ])('refuses a share whose marker is %s', (marker, message) => {
    const error = failureOf({ ...FACTS, marker }, KNOWN);

    expect(error.code).toBe('SHARE_NOT_PROVEN');
    expect(error.message).toMatch(message);
  });

  test.each(['ENOENT', 'ESTALE', 'EHOSTDOWN', 'EIO'])(
    'says that a share that answers %s is unreachable',
    (errno) => {
      const error = failureOf({ errno, message: `${errno}: stat` }, KNOWN);

      expect(error.code).toBe('SHARE_UNREACHABLE');
      expect(error.disposition).toBe('retry');
      expect(error.context['errno']).toBe(errno);
    },
  );

  test.each(['EACCES', 'EPERM', 'ENOTDIR'])('leaves %s to a person', (errno) => {
    expect(failureOf({ errno, message: errno }, KNOWN).code).toBe('SHARE_NOT_PROVEN');
  });
});
