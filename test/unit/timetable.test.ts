import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timetable } from '../../src/schedule/timetable.ts';

const BERLIN = 'Europe/Berlin';
const at = (iso: string): number => Date.parse(iso);

describe('a timetable', () => {
  const ofNight = timetable([{ from: '18:00', to: '06:00', value: 'fast' }, { value: 'slow' }], BERLIN);

  it.each([
    ['2026-01-10T16:59:59Z', 'slow'],
    ['2026-01-10T17:00:00Z', 'fast'],
    ['2026-01-11T04:59:59Z', 'fast'],
    ['2026-01-11T05:00:00Z', 'slow'],
    // An hour earlier in summer, by the same clock on the wall.
    ['2026-07-10T16:00:00Z', 'fast'],
    ['2026-07-10T04:00:00Z', 'slow'],
  ])('goes by the clock on the wall: %s is %s', (iso, value) => {
    expect(ofNight(at(iso))).toBe(value);
  });

  it('says nothing where no line has its time', () => {
    const lunch = timetable([{ from: '12:00', to: '13:00', value: 1 }], 'UTC');

    expect([11, 12, 13].map((hour) => lunch(at(`2026-01-10T${hour}:30:00Z`)))).toEqual([
      undefined,
      1,
      undefined,
    ]);
  });

  it('has the first line that fits, at every minute', () => {
    const minute = fc.integer({ min: 0, max: 1439 });
    const text = (of: number): string =>
      `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(minute, minute), { minLength: 1, maxLength: 4 }),
        minute,
        (pairs, now) => {
          const spans = pairs.filter(([from, to]) => from !== to);
          const lines = spans.map(([from, to], value) => ({ from: text(from), to: text(to), value }));
          const expected = spans.findIndex(
            ([from, to]) => (now - from + 1440) % 1440 < (to - from + 1440) % 1440,
          );

          const found = timetable(lines, 'UTC')(at('2026-03-01T00:00:00Z') + now * 60_000);

          expect(found).toBe(expected === -1 ? undefined : expected);
        },
      ),
    );
  });
});
