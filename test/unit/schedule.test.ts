import { describe, expect, it } from 'vitest';
import { nextTokenCheck } from '../../src/app/watch-tokens.ts';
import { isWithinWindow, missedEvening, nextEvening, windowEnd } from '../../src/schedule/evenings.ts';

const berlin = { evening: '20:00', until: '06:00', timezone: 'Europe/Berlin' };
const at = (iso: string): number => Date.parse(iso);
const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

describe('evenings', () => {
  it('are at the same wall-clock time in summer and winter', () => {
    expect(iso(nextEvening(berlin, at('2026-07-01T12:00:00Z')))).toBe('2026-07-01T18:00:00.000Z');
    expect(iso(nextEvening(berlin, at('2026-12-01T12:00:00Z')))).toBe('2026-12-01T19:00:00.000Z');
  });

  it('happen once on both nights when the clocks change', () => {
    const night = { evening: '02:30', timezone: 'Europe/Berlin' };
    const spring = nextEvening(night, at('2026-03-28T12:00:00Z'));
    expect(nextEvening(night, spring)).toBeGreaterThan(spring + 22 * 3_600_000);
    const autumn = nextEvening(night, at('2026-10-24T12:00:00Z'));
    expect(nextEvening(night, autumn)).toBeGreaterThan(autumn + 22 * 3_600_000);
  });

  it('come only on the days that are named', () => {
    const weekdays = { ...berlin, days: ['mon', 'tue', 'wed', 'thu', 'fri'] };
    expect(iso(nextEvening(weekdays, at('2026-11-20T20:00:00Z')))).toBe('2026-11-23T19:00:00.000Z');
  });

  it('that were slept through are caught up once, the newest one', () => {
    const missed = missedEvening(berlin, at('2026-11-22T08:00:00Z'), at('2026-11-18T19:00:00Z'));
    expect(iso(missed)).toBe('2026-11-21T19:00:00.000Z');
    expect(missedEvening(berlin, at('2026-11-22T08:00:00Z'), missed)).toBeUndefined();
  });

  it('owe nothing when nothing ever ran', () => {
    expect(missedEvening(berlin, at('2026-11-22T08:00:00Z'), undefined)).toBeUndefined();
  });

  it('let deliveries begin between evening and end only, and always where no end is set', () => {
    expect(isWithinWindow(berlin, at('2026-11-22T20:00:00Z'))).toBe(true);
    expect(isWithinWindow(berlin, at('2026-11-23T04:59:00Z'))).toBe(true);
    expect(isWithinWindow(berlin, at('2026-11-23T05:01:00Z'))).toBe(false);
    expect(isWithinWindow({ evening: '20:00' }, at('2026-11-23T12:00:00Z'))).toBe(true);
  });

  it('end where the window ends, on the next day', () => {
    expect(iso(windowEnd(berlin, at('2026-11-22T19:00:00Z')))).toBe('2026-11-23T05:00:00.000Z');
    expect(windowEnd({ evening: '20:00' }, 0)).toBeUndefined();
  });
});

describe('the check of the tokens', () => {
  const berlin = { evening: '20:00', timezone: 'Europe/Berlin', days: ['mon', 'tue'] };
  const at = (text: string): number => Date.parse(text);

  it('is so long before each evening, and the next one when that time has passed', () => {
    const ahead = 4 * 3_600_000;

    expect(nextTokenCheck(berlin, ahead, at('2026-11-23T10:00:00Z'))).toBe(at('2026-11-23T15:00:00Z'));
    expect(nextTokenCheck(berlin, ahead, at('2026-11-23T15:00:00Z'))).toBe(at('2026-11-24T15:00:00Z'));
    expect(nextTokenCheck(berlin, ahead, at('2026-11-24T16:00:00Z'))).toBe(at('2026-11-30T15:00:00Z'));
  });
});
