import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../src/core/clock.ts';
import type { BatchId } from '../../src/core/ids.ts';
import { createBatchQueue } from '../../src/queue/batch-queue.ts';
import { createDispatcher, type Dispatcher } from '../../src/queue/dispatcher.ts';
import { workBatches } from '../../src/queue/work-batches.ts';
import { MemoryLedger, testId } from '../support/dispatch-ledger.ts';
import { startRedis, type TestRedis } from '../support/start-redis.ts';
import { untilPasses } from '../support/until.ts';

/** Delivers every batch of `ledger`, doing `during` in the middle of the tenth. Answers what was delivered. */
async function deliverAll(
  redis: TestRedis,
  ledger: MemoryLedger,
  during: () => Promise<void>,
): Promise<BatchId[]> {
  const delivered: BatchId[] = [];
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 1000 });
  let dispatcher: Dispatcher | undefined;
  let trouble: Promise<void> | undefined;
  const wake = (): void => dispatcher?.wake();
  const workers = workBatches(
    { target: redis.target, concurrency: 4, lockMs: 2000, clock, onError: () => undefined, onFinished: wake },
    async (id) => {
      if (ledger.batches.get(id)?.state !== 'queued') return;
      ledger.move(id, 'delivering');
      if (delivered.length === 10) trouble = during();
      await clock.sleep(5);
      delivered.push(id);
      ledger.move(id, 'delivered');
    },
  );
  dispatcher = createDispatcher({
    ledger,
    queue,
    concurrency: () => 4,
    clock,
    onError: () => undefined,
    sweepMs: 300,
    running: workers.running,
  });
  await untilPasses(() => expect(ledger.count('delivered')).toBe(ledger.batches.size));
  await trouble;
  await dispatcher.close();
  await workers.close();
  await queue.close();
  return delivered;
}

function source(file: string): string {
  return JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);
}

function fortyBatches(): MemoryLedger {
  const ledger = new MemoryLedger();
  for (let at = 0; at < 40; at++) ledger.plan(at, `lane ${at % 5}`, `owner${at % 3}`);
  return ledger;
}

test('a Redis that is killed and started again in mid-work loses and doubles nothing', async () => {
  await using redis = await startRedis();

  const delivered = await deliverAll(redis, fortyBatches(), async () => {
    await redis.kill();
    await redis.restart();
  });

  expect(delivered).toHaveLength(40);
  expect(new Set(delivered).size).toBe(40);
});

test('a Redis that is wiped in mid-work is filled again from the ledger', async () => {
  await using redis = await startRedis();
  const ledger = fortyBatches();

  const delivered = await deliverAll(redis, ledger, redis.wipe);

  expect(delivered).toHaveLength(40);
  expect(new Set(delivered).size).toBe(40);
});

test('a queue that is wiped while nobody works is filled again by the next comparison', async () => {
  await using redis = await startRedis();
  const ledger = new MemoryLedger();
  for (let at = 0; at < 3; at++) ledger.plan(at, `lane ${at}`);
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 1000 });
  const dispatcher = createDispatcher({
    ledger,
    queue,
    concurrency: () => 3,
    clock,
    onError: () => undefined,
    sweepMs: 100,
  });
  await untilPasses(async () => expect((await queue.jobs()).size).toBe(3));

  await redis.wipe();

  await untilPasses(() => expect(ledger.putBack).toHaveLength(3));
  await untilPasses(async () => expect((await queue.jobs()).size).toBe(3));
  await dispatcher.close();
  await queue.close();
});

test('the batch of a worker process that was killed is delivered by the next one', async () => {
  await using redis = await startRedis();
  const script = path.join(redis.stateDir, 'worker.ts');
  await writeFile(
    script,
    `import { workBatches } from ${source('queue/work-batches.ts')};
     import { systemClock as clock } from ${source('core/clock.ts')};
     workBatches({ target: ${JSON.stringify(redis.target)}, concurrency: 1, lockMs: 1000, clock, onError: console.error },
       async () => { console.log('working'); await clock.sleep(600_000); });`,
  );
  const ledger = new MemoryLedger();
  const id = ledger.plan(1, 'a');
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 1000 });
  const dispatcher = createDispatcher({
    ledger,
    queue,
    concurrency: () => 1,
    clock,
    onError: () => undefined,
    sweepMs: 100,
  });
  const first = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(first.stdout, 'data');
  ledger.move(id, 'delivering');

  first.kill('SIGKILL');
  await once(first, 'exit');
  const delivered: BatchId[] = [];
  const workers = workBatches(
    { target: redis.target, concurrency: 1, lockMs: 1000, clock, onError: () => undefined },
    async (taken) => {
      if (ledger.batches.get(taken)?.state !== 'queued') return;
      delivered.push(taken);
      ledger.move(taken, 'delivered');
    },
  );

  await untilPasses(() => expect(delivered).toEqual([testId(1)]));
  await dispatcher.close();
  await workers.close();
  await queue.close();
});
