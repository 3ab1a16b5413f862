import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { assert, expect, test, vi } from 'vitest';
import { systemClock as clock } from '../../src/core/clock.ts';
import type { BatchId } from '../../src/core/ids.ts';
import { type BatchQueue, createBatchQueue, QUEUE_NAME } from '../../src/queue/batch-queue.ts';
import { createDispatcher, type Dispatcher, type DispatcherOptions } from '../../src/queue/dispatcher.ts';
import { type BatchHandler, type BatchWorkers, workBatches } from '../../src/queue/work-batches.ts';
import { MemoryLedger } from '../support/dispatch-ledger.ts';
import { startRedis, type TestRedis } from '../support/start-redis.ts';
import { untilPasses } from '../support/until.ts';

type Plant = AsyncDisposable & {
  ledger: MemoryLedger;
  queue: BatchQueue;
  workers: BatchWorkers;
  dispatcher: Dispatcher;
  errors: unknown[];
};

/** Ledger, queue, workers and dispatcher as the daemon has them; `deliver` is what a delivery does. */
function startPlant(
  redis: TestRedis,
  ledger: MemoryLedger,
  deliver: BatchHandler,
  more: Partial<Pick<DispatcherOptions, 'ownsLock' | 'sweepMs'>> = {},
): Plant {
  const errors: unknown[] = [];
  const onError = (error: unknown): number => errors.push(error);
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  let dispatcher: Dispatcher | undefined;
  const workers = workBatches(
    { target: redis.target, concurrency: 8, clock, onError, onFinished: () => dispatcher?.wake() },
    async (id, signal) => {
      if (ledger.batches.get(id)?.state !== 'queued') return;
      ledger.move(id, 'delivering');
      await deliver(id, signal);
      ledger.move(id, 'delivered');
    },
  );
  dispatcher = createDispatcher({
    ledger,
    queue,
    concurrency: () => 4,
    clock,
    onError,
    sweepMs: 200,
    running: workers.running,
    ...more,
  });
  const close = async (): Promise<void> => {
    await dispatcher.close();
    await workers.close();
    await queue.close();
  };
  return { ledger, queue, workers, dispatcher, errors, [Symbol.asyncDispose]: close };
}

test('delivers everything once, in order within a lane and below the cap', async () => {
  await using redis = await startRedis();
  const ledger = new MemoryLedger();
  for (let at = 0; at < 60; at++) ledger.plan(at, `lane ${at % 12}`, `owner${at % 6}`);
  const delivered: BatchId[] = [];
  const inLane = new Map<string, number>();
  let most = 0;
  await using plant = startPlant(redis, ledger, async (id) => {
    const batch = ledger.batches.get(id);
    if (batch === undefined) throw new Error('unknown');
    most = Math.max(most, ledger.most(batch.destination));
    expect(batch.plannedAt).toBeGreaterThan(inLane.get(batch.lane) ?? -1);
    inLane.set(batch.lane, batch.plannedAt);
    delivered.push(id);
    await clock.sleep(2);
  });

  await untilPasses(() => expect(ledger.count('delivered')).toBe(60));

  expect(new Set(delivered).size).toBe(60);
  expect(delivered).toHaveLength(60);
  expect(most).toBeLessThanOrEqual(4);
  await untilPasses(async () => expect(await plant.queue.jobs()).toEqual(new Map()));
  expect(plant.errors).toEqual([]);
});

test('queues a batch when it becomes due, and a new one when woken', async () => {
  await using redis = await startRedis();
  const ledger = new MemoryLedger();
  const later = ledger.plan(1, 'a');
  const batch = ledger.batches.get(later);
  assert(batch !== undefined);
  batch.notBefore = clock.now() + 3_600_000;
  let deliveredAt = 0;
  await using plant = startPlant(redis, ledger, async (id) => {
    if (id === later) deliveredAt = clock.now();
  });

  const fresh = ledger.plan(2, 'b');
  plant.dispatcher.wake();
  await untilPasses(() => expect(ledger.batches.get(fresh)?.state).toBe('delivered'));
  expect(batch.state).toBe('planned');
  batch.notBefore = clock.now() + 100;
  plant.dispatcher.wake();
  await untilPasses(() => expect(batch.state).toBe('delivered'));

  expect(deliveredAt).toBeGreaterThanOrEqual(batch.notBefore);
});

test('puts back what an earlier daemon left queued or delivering, and removes jobs nobody knows', async () => {
  await using redis = await startRedis();
  const ledger = new MemoryLedger();
  const queued = ledger.plan(1, 'a');
  const delivering = ledger.plan(2, 'b');
  ledger.move(queued, 'queued');
  ledger.move(delivering, 'delivering');
  const before = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const stray = new MemoryLedger().plan(99, 'stray');
  await before.enqueue(stray);
  await before.close();
  const errors: unknown[] = [];
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  const dispatcher = createDispatcher({
    ledger,
    queue,
    concurrency: () => 4,
    clock,
    onError: (error) => errors.push(error),
  });

  await untilPasses(async () => {
    expect([...(await queue.jobs()).keys()].sort((a, b) => a.localeCompare(b))).toEqual([queued, delivering]);
  });

  expect([...ledger.putBack].sort((a, b) => a.localeCompare(b))).toEqual([queued, delivering]);
  expect(errors).toEqual([]);
  await dispatcher.close();
  await queue.close();
});

test('leaves alone what is queued and waits, and what this process works on', async () => {
  await using redis = await startRedis();
  const ledger = new MemoryLedger();
  const waiting = ledger.plan(1, 'a');
  const working = ledger.plan(2, 'b');
  ledger.move(waiting, 'queued');
  ledger.move(working, 'delivering');
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  await queue.enqueue(waiting);
  let looks = 0;
  const dispatcher = createDispatcher({
    ledger,
    queue: {
      ...queue,
      jobs: async () => {
        looks += 1;
        return queue.jobs();
      },
    },
    concurrency: () => 4,
    clock,
    onError: () => undefined,
    sweepMs: 50,
    running: () => new Set([working]),
  });

  await untilPasses(() => expect(looks).toBeGreaterThan(3));

  expect(ledger.putBack).toEqual([]);
  await dispatcher.close();
  await queue.close();
});

test('closes while Redis is away, and takes no wake for an answer', async () => {
  const ledger = new MemoryLedger();
  ledger.plan(1, 'a');
  const errors: unknown[] = [];
  const queue = createBatchQueue({
    target: { socketPath: '/nonexistent/redis.sock' },
    clock,
    deadlineMs: 100,
  });
  const dispatcher = createDispatcher({
    ledger,
    queue,
    concurrency: () => 1,
    clock,
    onError: (error) => errors.push(error),
  });
  await untilPasses(() => expect(errors.length).toBeGreaterThan(0));

  for (let at = 0; at < 100; at++) dispatcher.wake();
  await dispatcher.close();
  await dispatcher.close();
  await queue.close();

  expect(errors.length).toBeLessThan(5);
  expect(ledger.count('planned')).toBe(1);
});

test('asks little for each batch while ten thousand wait', async () => {
  await using redis = await startRedis();
  const ledger = new MemoryLedger();
  const lanes = 40;
  for (let at = 0; at < 10_000; at++) ledger.plan(at, `lane ${at % lanes}`, `owner${at % 10}`);
  const looks = vi.spyOn(ledger, 'heads');
  const marks = vi.spyOn(ledger, 'markQueued');
  await using plant = startPlant(redis, ledger, async () => undefined, { sweepMs: 600_000 });
  const visitor = new Redis({ path: redis.target.socketPath });

  await untilPasses(() => expect(ledger.count('delivered')).toBeGreaterThan(200));
  await plant.dispatcher.close();
  const [queued, stats] = [marks.mock.calls.length, await visitor.info('stats')];
  visitor.disconnect();

  const told = (what: string): number => Number(new RegExp(`${what}:(\\d+)`).exec(stats)?.[1]);
  expect(looks.mock.calls.length).toBeLessThan(queued + 20);
  // A look that asked Redis for each of the ten thousand would soon be beyond these.
  expect(told('total_commands_processed')).toBeLessThan(200 * queued);
  expect(told('total_net_output_bytes')).toBeLessThan(5000 * queued);
});

test('a batch that was taken while the connection was cut goes on soon, not when its lock runs out', async () => {
  await using redis = await startRedis();
  const ledger = new MemoryLedger();
  const id = ledger.plan(1, 'a');
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 2000 });
  await queue.enqueue(id);
  ledger.move(id, 'queued');
  const connection = new Redis({ path: redis.target.socketPath, maxRetriesPerRequest: null });
  const cutOff = new Worker(QUEUE_NAME, null, { connection, lockDuration: 600_000 });
  await cutOff.getNextJob('ours:7');
  await cutOff.close(true);
  connection.disconnect();
  const delivered: BatchId[] = [];
  await using plant = startPlant(redis, ledger, async (batch) => void delivered.push(batch), {
    ownsLock: (lock) => lock === 'ours:7',
  });

  await untilPasses(() => expect(delivered).toEqual([id]));

  expect(plant.errors).toEqual([]);
  await queue.close();
});
