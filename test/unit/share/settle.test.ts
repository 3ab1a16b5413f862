import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../../../src/core/model.ts';
import { isSettled, sameContent, sameForSettling, settlesAt } from '../../../src/share/settle.ts';

const FILE: Entry = { name: 'x.tif', kind: 'file', size: 1, mtimeNs: 2n, ctimeNs: 3n, ino: 4n };
const instants = fc.integer({ min: 0, max: 4e12 });
const windows = fc.integer({ min: 1, max: 1e9 });

describe('isSettled', () => {
  test('holds from settlesAt on and never before', () => {
    fc.assert(
      fc.property(instants, windows, fc.integer({ min: -1e9, max: 1e9 }), (since, settleMs, offset) => {
        const lookedAt = settlesAt(since, settleMs) + offset;

        expect(isSettled({ since, lookedAt }, settleMs)).toBe(offset >= 0);
      }),
    );
  });

  test('needs a second look: one look never settles a file', () => {
    fc.assert(
      fc.property(instants, windows, (since, settleMs) => {
        expect(isSettled({ since, lookedAt: since }, settleMs)).toBe(false);
      }),
    );
  });

  test('is not brought about by a clock that jumped back', () => {
    fc.assert(
      fc.property(instants, windows, windows, (since, back, settleMs) => {
        expect(isSettled({ since, lookedAt: since - back }, settleMs)).toBe(false);
      }),
    );
  });

  test('stays true while nothing changes', () => {
    fc.assert(
      fc.property(instants, windows, windows, windows, (since, settleMs, first, later) => {
        fc.pre(isSettled({ since, lookedAt: since + first }, settleMs));

        expect(isSettled({ since, lookedAt: since + first + later }, settleMs)).toBe(true);
      }),
    );
  });
});

describe('sameForSettling', () => {
  test.each<Partial<Entry>>([
    { size: 2 },
    { mtimeNs: 3n },
    { ctimeNs: 4n },
    { ino: 5n },
    { kind: 'symlink' },
  ])('sees that %o has changed', (change) => {
    expect(sameForSettling(FILE, { ...FILE, ...change })).toBe(false);
  });

  test('holds for equal looks', () => {
    expect(sameForSettling(FILE, { ...FILE })).toBe(true);
  });
});

describe('sameContent', () => {
  test('knows a file again that was moved or copied back with its time', () => {
    expect(sameContent(FILE, { ...FILE, name: 'moved.tif', ino: 99n, ctimeNs: 99n })).toBe(true);
  });

  test.each<Partial<Entry>>([{ size: 2 }, { mtimeNs: 3n }, { kind: 'unreadable' }])(
    'takes %o for another version',
    (change) => {
      expect(sameContent(FILE, { ...FILE, ...change })).toBe(false);
    },
  );

  test('is only ever true of files', () => {
    const link: Entry = { ...FILE, kind: 'symlink' };

    expect(sameContent(link, link)).toBe(false);
  });
});
