import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRefusal, helpForRefusal, parseRefusal, sayRefusal } from '../../../src/core/refusal.ts';

const name = fc.option(fc.stringMatching(/^[\w.@\\$+-]{1,24}$/), { nil: undefined });
const id = fc.nat(4_294_967_294);
const refusal = fc.record({
  errno: fc.constantFrom('EACCES', 'EPERM'),
  rights: fc.record(
    {
      needs: fc.constantFrom('o+r', 'g+rx', 'u+x'),
      of: fc.constantFrom('itself', 'folder'),
      mode: fc.nat(0o7777),
      uid: id,
      user: name,
      gid: id,
      group: name,
      reader: id,
      readerName: name,
    },
    { requiredKeys: ['needs', 'of', 'mode', 'uid', 'gid', 'reader'] },
  ),
});

describe('why something could not be read', () => {
  it('comes back from its text, which fits a listing', () => {
    fc.assert(
      fc.property(refusal, (one) => {
        const text = formatRefusal(one as Parameters<typeof formatRefusal>[0]);

        expect(JSON.stringify(parseRefusal(text))).toBe(JSON.stringify(one));
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(255);
      }),
    );
  });

  it('is also read from ledgers that have the errno name alone, or a text that was cut', () => {
    expect(parseRefusal('EACCES')).toEqual({ errno: 'EACCES' });
    expect(parseRefusal('EACCES {"needs":"o+')).toEqual({ errno: 'EACCES' });
    expect(parseRefusal(undefined)).toBeUndefined();
    expect(sayRefusal({ errno: 'EACCES' })).toBe('Nightjar may not read it');
    expect(sayRefusal({ errno: 'EIO' })).toContain('EIO');
  });

  it('is said with what is missing, by whose rights, and who can mend it', () => {
    const rights = { needs: 'o+r', of: 'itself', mode: 0o640, uid: 1003, user: 'mueller', gid: 100 } as const;
    const one = { errno: 'EACCES', rights: { ...rights, reader: 998, readerName: 'nightjar' } };

    expect(sayRefusal(one)).toBe(
      'Nightjar comes as nightjar (uid 998) and it lacks o+r: mode 0640, owner mueller (uid 1003), group gid 100',
    );
    expect(helpForRefusal(one, 'SEM1/a.tif')).toContain('mueller, or the administrator of the file server');
    expect(helpForRefusal(one, 'SEM1/a.tif')).toContain('chmod o+r SEM1/a.tif');
  });
});
