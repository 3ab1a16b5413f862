import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWhen } from '../../../src/cli/parse-when.ts';

const NOW = new Date('2026-11-22T20:00:00').getTime();

describe('an instant on the command line', () => {
  it('is a duration before now, or after now', () => {
    expect(parseWhen('2d', NOW, 'ago')).toBe(NOW - 2 * 86_400_000);
    expect(parseWhen('1h30m', NOW, 'ahead')).toBe(NOW + 90 * 60_000);
  });

  it('is a local date, or a date with a time', () => {
    expect(parseWhen('2026-11-20', NOW, 'ago')).toBe(new Date('2026-11-20T00:00').getTime());
    expect(parseWhen('2026-11-20 18:30', NOW, 'ago')).toBe(new Date('2026-11-20T18:30').getTime());
    expect(parseWhen('2026-12-01T06:00Z', NOW, 'ahead')).toBe(Date.UTC(2026, 11, 1, 6));
  });

  it.each(['', 'yesterday', '5', '2026-13-01', '2026-02-31', '2026-11-20 25:00', '20.11.2026'])(
    'is refused as usage when it is %j',
    (text) => {
      expect(() => parseWhen(text, NOW, 'ago')).toThrow(expect.objectContaining({ code: 'USAGE' }));
    },
  );

  it('is refused on the wrong side of now', () => {
    expect(() => parseWhen('2026-11-20', NOW, 'ahead')).toThrow(/lies in the past/);
    expect(() => parseWhen('2027-01-01', NOW, 'ago')).toThrow(/lies in the future/);
  });

  it('never is on the wrong side of now when it is a duration', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.constantFrom('s', 'm', 'h', 'd'), (count, unit) => {
        expect(parseWhen(`${count}${unit}`, NOW, 'ago')).toBeLessThanOrEqual(NOW);
        expect(parseWhen(`${count}${unit}`, NOW, 'ahead')).toBeGreaterThanOrEqual(NOW);
      }),
    );
  });
});
