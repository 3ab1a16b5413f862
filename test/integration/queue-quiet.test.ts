import { expect, test, vi } from 'vitest';
import { systemClock as clock } from '../../src/core/clock.ts';
import { batchId } from '../../src/core/ids.ts';
import { createBatchQueue } from '../../src/queue/batch-queue.ts';
import { workBatches } from '../../src/queue/work-batches.ts';
import { startRedis } from '../support/start-redis.ts';

test('a Redis that may forget jobs is no line of BullMQ on the console, and is told once by who works', async () => {
  await using redis = await startRedis();
  await redis.set('maxmemory-policy', 'allkeys-lru');
  const said = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const { target } = redis;
  const queue = createBatchQueue({ target, clock, deadlineMs: 600_000 });
  const worked = Promise.withResolvers<void>();
  const told: string[] = [];
  const onEviction = (policy: string): void => void told.push(policy);
  const options = { target, concurrency: 1, clock, onError: worked.reject, onEviction };
  const workers = workBatches(options, async () => worked.resolve());

  await queue.enqueue(batchId(`b-${'1'.padStart(32, '0')}`));
  // A job that was worked on came over the second connection, which had been looked at before.
  await worked.promise;
  await workers.close();
  await queue.close();

  expect(said.mock.calls).toEqual([]);
  expect(told).toEqual(['allkeys-lru']);
  said.mockRestore();
});
