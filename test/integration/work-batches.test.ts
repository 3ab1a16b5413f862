import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../src/core/clock.ts';
import type { BatchId } from '../../src/core/ids.ts';
import { createBatchQueue } from '../../src/queue/batch-queue.ts';
import { workBatches } from '../../src/queue/work-batches.ts';
import { testId } from '../support/dispatch-ledger.ts';
import { startRedis } from '../support/start-redis.ts';
import { untilPasses } from '../support/until.ts';

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

test('drain takes nothing new, lets what runs finish and leaves the rest waiting', async () => {
  await using redis = await startRedis();
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const go = Promise.withResolvers<void>();
  const done: BatchId[] = [];
  const workers = workBatches(
    { target: redis.target, concurrency: 1, clock, onError: () => undefined },
    async (id) => {
      await go.promise;
      done.push(id);
    },
  );
  await queue.enqueue(testId(1));
  await queue.enqueue(testId(2));
  await untilPasses(() => expect([...workers.running()]).toEqual([testId(1)]));

  expect(await workers.drain(50)).toBe(false);
  go.resolve();
  expect(await workers.drain(5000)).toBe(true);
  await workers.close();

  expect(done).toEqual([testId(1)]);
  expect(await queue.jobs()).toEqual(new Map([[testId(2), 'waiting']]));
  await queue.close();
});

test('abort tells every running delivery to stop, with INTERRUPTED as the reason', async () => {
  await using redis = await startRedis();
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const reasons: unknown[] = [];
  const workers = workBatches(
    { target: redis.target, concurrency: 2, clock, onError: () => undefined },
    async (_id, signal) => {
      await untilAborted(signal).catch((reason: unknown) => reasons.push(reason));
    },
  );
  await queue.enqueue(testId(1));
  await queue.enqueue(testId(2));
  await untilPasses(() => expect(workers.running().size).toBe(2));

  expect(await workers.abort(5000)).toBe(true);
  await workers.close();

  expect(reasons).toHaveLength(2);
  expect(reasons).toEqual([
    expect.objectContaining({ code: 'INTERRUPTED' }),
    expect.objectContaining({ code: 'INTERRUPTED' }),
  ]);
  await queue.close();
});

test('abort does not wait for ever for a delivery that does not listen', async () => {
  await using redis = await startRedis();
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const never = Promise.withResolvers<void>();
  const workers = workBatches(
    { target: redis.target, concurrency: 1, clock, onError: () => undefined },
    () => never.promise,
  );
  await queue.enqueue(testId(1));
  await untilPasses(() => expect(workers.running().size).toBe(1));

  expect(await workers.abort(100)).toBe(false);

  never.resolve();
  await workers.close();
  await queue.close();
});

test('a handler that throws is reported, and its job does not come back by itself', async () => {
  await using redis = await startRedis();
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const errors: Error[] = [];
  const finished: BatchId[] = [];
  let calls = 0;
  const workers = workBatches(
    {
      target: redis.target,
      concurrency: 1,
      clock,
      onError: (error) => errors.push(error),
      onFinished: (id) => finished.push(id),
    },
    async () => {
      calls += 1;
      throw new Error('a defect');
    },
  );
  await queue.enqueue(testId(1));
  await untilPasses(() => expect(finished).toEqual([testId(1)]));

  expect(calls).toBe(1);
  expect(errors).toEqual([expect.objectContaining({ code: 'UNEXPECTED' })]);
  expect(await queue.jobs()).toEqual(new Map());
  await workers.close();
  await queue.close();
});

test('a delivery whose lock is lost is told so', async () => {
  await using redis = await startRedis();
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const reasons: unknown[] = [];
  const workers = workBatches(
    { target: redis.target, concurrency: 1, lockMs: 400, clock, onError: () => undefined },
    async (_id, signal) => {
      await untilAborted(signal).catch((reason: unknown) => reasons.push(reason));
    },
  );
  await queue.enqueue(testId(1));
  await untilPasses(() => expect(workers.running().size).toBe(1));
  const raw = new Redis({ path: redis.target.socketPath });
  await raw.set(`bull:nightjar:${testId(1)}:lock`, 'another worker');
  raw.disconnect();

  await untilPasses(() => expect(reasons).toEqual([expect.objectContaining({ code: 'LEASE_LOST' })]));

  await workers.close();
  await queue.close();
});

test('closes when Redis was never there, or is gone', async () => {
  const options = { concurrency: 2, clock, onError: (): void => undefined };
  const never = workBatches(
    { ...options, target: { socketPath: '/nonexistent/redis.sock' } },
    async () => undefined,
  );
  await using redis = await startRedis();
  const gone = workBatches({ ...options, target: redis.target }, async () => undefined);
  await redis.kill();

  await Promise.all([never.close(), gone.close(), gone.close()]);

  expect([never.running().size, gone.running().size]).toEqual([0, 0]);
});

test('whoever waits for the end of a delivery is told of it also when its lock is gone', async () => {
  await using redis = await startRedis();
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const told: BatchId[] = [];
  const workers = workBatches(
    {
      ...{ target: redis.target, concurrency: 1, clock, onError: () => undefined },
      onFinished: (id) => told.push(id),
    },
    async (id) => {
      const other = new Redis({ path: redis.target.socketPath });
      await other.del(`bull:nightjar:${id}:lock`);
      other.disconnect();
    },
  );
  await queue.enqueue(testId(1));

  await untilPasses(() => expect(told).toContain(testId(1)));
  await workers.close();
  await queue.close();
});

test('a delivery under way goes on when Redis is wiped under it, and its lock is known as ours before', async () => {
  await using redis = await startRedis();
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const go = Promise.withResolvers<void>();
  const errors: string[] = [];
  const ends: boolean[] = [];
  const workers = workBatches(
    {
      target: redis.target,
      concurrency: 1,
      lockMs: 400,
      clock,
      onError: ({ message }) => errors.push(message),
    },
    async (_id, signal) => {
      await go.promise;
      ends.push(signal.aborted);
    },
  );
  await queue.enqueue(testId(1));
  await untilPasses(() => expect(workers.running().size).toBe(1));
  const [lock = ''] = (await queue.locks([testId(1)])).values();
  await redis.wipe();
  await untilPasses(async () => expect((await queue.locks([testId(1)])).size).toBe(1));

  go.resolve();

  await untilPasses(() => expect(ends).toEqual([false]));
  expect([workers.ownsLock(lock), workers.ownsLock('another:1')]).toEqual([true, false]);
  // It was mended: nobody is told of a defect.
  expect(errors.filter((message) => message.includes('renew'))).toEqual([]);
  await workers.close();
  await queue.close();
});

test('a batch that Redis hands out a second time waits for its first delivery, and stops nothing', async () => {
  await using redis = await startRedis();
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const go = Promise.withResolvers<void>();
  const story: string[] = [];
  const workers = workBatches(
    { target: redis.target, concurrency: 2, clock, onError: () => undefined },
    async (_id, signal) => {
      story.push('begins');
      await go.promise;
      story.push(signal.aborted ? 'stopped' : 'ends');
    },
  );
  await queue.enqueue(testId(1));
  await untilPasses(() => expect(story).toHaveLength(1));
  await redis.wipe();
  await queue.enqueue(testId(1));
  await untilPasses(async () => expect((await queue.jobs()).get(testId(1))).toBe('active'));

  go.resolve();

  await untilPasses(() => expect(story).toEqual(['begins', 'ends', 'begins', 'ends']));
  await workers.close();
  await queue.close();
});
