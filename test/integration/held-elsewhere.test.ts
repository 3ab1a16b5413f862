import { expect, test } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { type BatchQueue, createBatchQueue } from '../../src/queue/batch-queue.ts';
import { createDispatcher } from '../../src/queue/dispatcher.ts';
import { workBatches } from '../../src/queue/work-batches.ts';
import { MemoryLedger, testId } from '../support/dispatch-ledger.ts';
import { startRedis, type TestRedis } from '../support/start-redis.ts';
import { untilPasses } from '../support/until.ts';

const LEASE_MS = 3_600_000;

type Main = AsyncDisposable & {
  readonly ledger: MemoryLedger;
  readonly queue: BatchQueue;
  /** Resolves after two more comparisons of ledger and queue. */
  readonly compared: () => Promise<void>;
  /** Lets the time of a lease pass. */
  readonly passLease: () => void;
};

/** What runs evenings and delivers nothing itself. */
function startMain(redis: TestRedis): Main {
  let ahead = 0;
  let comparisons = 0;
  const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
  const queue = createBatchQueue({ target: redis.target, clock: systemClock, deadlineMs: 2000 });
  const ledger = new MemoryLedger();
  const jobs = async (): ReturnType<BatchQueue['jobs']> => {
    const found = await queue.jobs();
    comparisons += 1;
    return found;
  };
  const dispatcher = createDispatcher({
    ...{ ledger, queue: { ...queue, jobs }, clock, sweepMs: 50, leaseMs: LEASE_MS },
    concurrency: () => 1,
    onError: () => undefined,
  });
  return {
    ledger,
    queue,
    compared: async () => {
      const from = comparisons;
      await untilPasses(() => expect(comparisons).toBeGreaterThan(from + 2));
    },
    passLease: () => {
      ahead += LEASE_MS;
    },
    [Symbol.asyncDispose]: async () => {
      await dispatcher.close();
      await queue.close();
    },
  };
}

test('what another process delivers when Redis is wiped stays its own: it locks the batch again, and nobody sends it twice', async () => {
  await using redis = await startRedis();
  await using main = startMain(redis);
  const { ledger, queue } = main;
  const go = Promise.withResolvers<void>();
  let begun = 0;
  const errors: Error[] = [];
  const workers = workBatches(
    {
      ...{ target: redis.target, concurrency: 2, lockMs: 2000 },
      clock: systemClock,
      onError: (error) => errors.push(error),
    },
    async (id) => {
      begun += 1;
      ledger.heldElsewhere.add(id);
      ledger.move(id, 'delivering');
      await go.promise;
      ledger.move(id, 'delivered');
    },
  );
  const id = ledger.plan(1, 'a');
  await untilPasses(() => expect(begun).toBe(1));

  await redis.wipe();
  await main.compared();
  await untilPasses(async () => expect((await queue.locks([id])).size).toBe(1));
  await main.compared();
  main.passLease();
  await main.compared();
  go.resolve();

  await untilPasses(() => expect(ledger.count('delivered')).toBe(1));
  expect(ledger.putBack).toEqual([]);
  expect(begun).toBe(1);
  // What it had locked by itself it also unlocks: a further attempt need not wait for the lock to run out.
  await untilPasses(async () => expect((await queue.locks([id])).size).toBe(0));
  await workers.close();
  // It was mended: nobody is told of a defect.
  expect(errors.filter(({ message }) => message.includes('renew'))).toEqual([]);
});

test('a batch whose process lives and has let go of it is put back when its lease is over', async () => {
  await using redis = await startRedis();
  await using main = startMain(redis);
  const { ledger } = main;
  const id = testId(1);
  ledger.heldElsewhere.add(id);
  ledger.plan(1, 'a');
  ledger.move(id, 'delivering');
  await main.queue.remove(id);
  await main.compared();
  const before = [...ledger.putBack];

  main.passLease();

  await untilPasses(() => expect(ledger.putBack).toEqual([id]));
  expect(before).toEqual([]);
});
