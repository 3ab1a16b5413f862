import { expect, it } from 'vitest';
import { createTrouble } from '../../src/app/tell-trouble.ts';
import { IngestError } from '../../src/core/errors.ts';
import { cureOf } from '../../src/queue/redis-refusal.ts';
import { FakeClock } from '../support/fake-clock.ts';

const HOUR = 3_600_000;
const away = (): IngestError => new IngestError('QUEUE_UNAVAILABLE', 'Redis is away', { hint: 'Wait.' });

it('a trouble that lasts is told at its begin and once an hour, and when it comes again', () => {
  const clock = new FakeClock(0);
  const told: number[] = [];
  const trouble = createTrouble(clock, () => told.push(clock.now()));

  for (; clock.now() < 2 * HOUR; clock.advance(40_000)) trouble(away());
  clock.advance(5 * 60_000);
  trouble(away());

  expect(told).toEqual([0, HOUR, 2 * HOUR + 5 * 60_000]);
});

it('another trouble in the middle of one that lasts is told', () => {
  const clock = new FakeClock(0);
  const told: string[] = [];
  const trouble = createTrouble(clock, ({ code }) => told.push(code));

  trouble(away());
  trouble(Object.assign(new Error('connect ENOENT'), { code: 'ENOENT' }));
  trouble(new Error('a defect'));
  clock.advance(40_000);
  trouble(new Error('another defect'));

  expect(told).toEqual(['QUEUE_UNAVAILABLE', 'UNEXPECTED', 'UNEXPECTED']);
});

it('what Redis refuses is a trouble of the queue with its cure, and no defect', () => {
  const told: IngestError[] = [];
  const trouble = createTrouble(new FakeClock(0), (error) => told.push(error));

  trouble(new Error("OOM command not allowed when used memory > 'maxmemory'. script: 1a2b"));

  expect(told).toMatchObject([
    { code: 'QUEUE_UNAVAILABLE', hint: expect.stringContaining('raise its limit') },
  ]);
});

it('a Redis that answers in words nobody knows is not said to be silent', () => {
  expect(cureOf('ERR unknown command')).toContain('refuses');
  expect(cureOf('no answer within 5 ms')).toContain('does not answer');
});
