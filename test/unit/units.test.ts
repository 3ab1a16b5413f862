import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, parseDuration, parseSize } from '../../src/core/units.ts';

describe('durations', () => {
  it('reads units alone and together', () => {
    expect(parseDuration('500ms')).toBe(500);
    expect(parseDuration('20s')).toBe(20_000);
    expect(parseDuration('30m')).toBe(1_800_000);
    expect(parseDuration('1h30m')).toBe(5_400_000);
    expect(parseDuration('1h 30m')).toBe(5_400_000);
    expect(parseDuration('2d')).toBe(172_800_000);
  });

  it.each(['', ' ', '20', '1.5h', '-5m', '30m1h', '20 minutes', 'm', '1h1h', `${'9'.repeat(20)}d`])(
    'refuses %j',
    (text) => {
      expect(() => parseDuration(text)).toThrow(RangeError);
    },
  );

  it('gives every whole number of milliseconds back from its text', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 * 365 * 86_400_000 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });

  it('writes the shortest text', () => {
    expect(formatDuration(0)).toBe('0s');
    expect(formatDuration(5_400_000)).toBe('1h30m');
    expect(formatDuration(90_061_001)).toBe('1d1h1m1s1ms');
    expect(() => formatDuration(-1)).toThrow(RangeError);
  });
});

describe('sizes', () => {
  it('tells powers of 1000 from powers of 1024', () => {
    expect(parseSize('500 MB')).toBe(500_000_000);
    expect(parseSize('2 GiB')).toBe(2_147_483_648);
    expect(parseSize('1.5TiB')).toBe(1_649_267_441_664);
    expect(parseSize('7 B')).toBe(7);
  });

  it.each(['', '2', '2 G', '-1 GiB', '2 GiBs', 'GiB', '1e3 MB', '99999999 TiB', '1,5 GB'])(
    'refuses %j',
    (text) => {
      expect(() => parseSize(text)).toThrow(RangeError);
    },
  );

  it('reads every whole size in every unit back from what it shows', () => {
    const units = fc.constantFrom(2 ** 10, 2 ** 20, 2 ** 30, 2 ** 40);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1023 }), units, (count, unit) => {
        expect(parseSize(formatBytes(count * unit))).toBe(count * unit);
      }),
    );
  });

  it('never shows more than a twentieth too much or too little', () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 52 }), (bytes) => {
        expect(Math.abs(parseSize(formatBytes(bytes)) - bytes)).toBeLessThanOrEqual(bytes / 20);
      }),
    );
  });

  it('shows one decimal and moves on to the next unit instead of 1024', () => {
    expect(formatBytes(0)).toBe('0 B');
    expect(formatBytes(1023)).toBe('1023 B');
    expect(formatBytes(1_288_490_189)).toBe('1.2 GiB');
    expect(formatBytes(2 ** 20 - 1)).toBe('1 MiB');
  });
});
