import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { createBatchQueue } from '../../src/queue/batch-queue.ts';
import { workBatches } from '../../src/queue/work-batches.ts';
import { testId } from '../support/dispatch-ledger.ts';
import { startRedis } from '../support/start-redis.ts';
import { untilPasses } from '../support/until.ts';

/** A clock whose sleeps end when the test says so, or their signal. */
function slowClock(): Clock & { readonly asked: number[]; readonly pass: () => void } {
  const asked: number[] = [];
  let wake = (): void => undefined;
  return {
    ...systemClock,
    asked,
    pass: () => wake(),
    sleep: async (ms, signal) => {
      asked.push(ms);
      await new Promise<void>((resolve, reject) => {
        wake = resolve;
        signal?.addEventListener('abort', () => reject(signal.reason));
      });
    },
  };
}

test('a worker that Redis refuses everything asks again after growing waits and tells of it once in each outage', async () => {
  await using redis = await startRedis();
  const admin = new Redis({ path: redis.target.socketPath });
  const refuse = (what: '0' | '1'): Promise<unknown> => admin.config('SET', 'min-replicas-to-write', what);
  const queue = createBatchQueue({ target: redis.target, clock: systemClock, deadlineMs: 2000 });
  const clock = slowClock();
  const told: Error[] = [];
  const toldBefore: Error[] = [];
  await refuse('1');
  const workers = workBatches(
    { target: redis.target, concurrency: 1, clock, onError: (error) => told.push(error) },
    async () => {
      toldBefore.push(...told);
      await refuse('1');
    },
  );
  for (let times = 1; times <= 6; times++) {
    await untilPasses(() => expect(clock.asked).toHaveLength(times));
    if (times < 6) clock.pass();
  }
  await refuse('0');
  await queue.enqueue(testId(1));
  clock.pass();
  await untilPasses(() => expect(told).toHaveLength(2));
  await untilPasses(() => expect(clock.asked).toHaveLength(7));
  await workers.close();
  await queue.close();
  admin.disconnect();

  expect(clock.asked.slice(0, 7)).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, 1000]);
  expect(toldBefore).toEqual([
    expect.objectContaining({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringContaining('NOREPLICAS'),
      hint: expect.stringContaining('bring them back'),
    }),
  ]);
  expect(told[1]).toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
});

test('a worker that rests because Redis refuses it ends its rest when it is closed', async () => {
  await using redis = await startRedis();
  const admin = new Redis({ path: redis.target.socketPath });
  await admin.config('SET', 'min-replicas-to-write', '1');
  admin.disconnect();
  // On this clock no wait ends by itself.
  const clock = slowClock();
  const workers = workBatches(
    { target: redis.target, concurrency: 1, clock, onError: () => undefined },
    async () => undefined,
  );
  await untilPasses(() => expect(clock.asked).toEqual([1000]));

  await expect(workers.close()).resolves.toBeUndefined();
});
