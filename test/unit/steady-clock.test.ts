import { expect, it } from 'vitest';
import { steadyClock } from '../../src/core/clock.ts';

it('a steady clock follows what passes, not what the system clock is set to', () => {
  const time = { wall: 1000, ticks: 5 };
  const clock = steadyClock({
    now: () => time.wall,
    monotonic: () => time.ticks,
    sleep: () => Promise.resolve(),
  });
  time.wall += 3_600_000;
  time.ticks += 10;
  expect(clock.now()).toBe(1010);
  time.wall -= 7_200_000;
  time.ticks += 10;
  expect(clock.now()).toBe(1020);
});
