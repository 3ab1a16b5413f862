import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSettled, settlesAt } from '../../../src/share/settle.ts';

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
