import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { endOfDay, localDay } from '../../src/schedule/local-day.ts';

describe('a day', () => {
  test.each([
    ['2026-12-31T22:59:59Z', 'Europe/Berlin', '2026-12-31'],
    ['2026-12-31T23:00:00Z', 'Europe/Berlin', '2027-01-01'],
    ['2026-12-31T23:00:00Z', 'America/Los_Angeles', '2026-12-31'],
    ['2026-12-31T10:00:00Z', 'Pacific/Kiritimati', '2027-01-01'],
  ])('at %s in %s is %s', (at, zone, day) => {
    expect(localDay(Date.parse(at), zone)).toBe(day);
  });

  it('trap 5: ends when the next one begins, also in the night when the clock is set', () => {
    expect(new Date(endOfDay('2026-03-28', 'Europe/Berlin')).toISOString()).toBe('2026-03-28T23:00:00.000Z');
    expect(new Date(endOfDay('2026-03-29', 'Europe/Berlin')).toISOString()).toBe('2026-03-29T22:00:00.000Z');
    expect(new Date(endOfDay('2026-10-25', 'Europe/Berlin')).toISOString()).toBe('2026-10-25T23:00:00.000Z');
  });

  test('ends with its last instant in every zone', () => {
    const zones = fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'Asia/Kolkata',
      'America/St_Johns',
      'Pacific/Apia',
      'Asia/Kathmandu',
    );
    const days = fc.integer({ min: 0, max: 30_000 });

    fc.assert(
      fc.property(zones, days, (zone, number) => {
        const day = localDay(Date.UTC(1999, 0, 1, 12) + number * 86_400_000, zone);
        const end = endOfDay(day, zone);

        expect(localDay(end - 1, zone)).toBe(day);
        expect(localDay(end, zone) > day).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
