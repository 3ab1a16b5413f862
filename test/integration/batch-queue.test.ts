import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { inspect } from 'node:util';
import { type Job, Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../src/core/clock.ts';
import { type BatchId, batchId } from '../../src/core/ids.ts';
import { Secret } from '../../src/core/secret.ts';
import { type BatchQueue, createBatchQueue, QUEUE_NAME } from '../../src/queue/batch-queue.ts';
import type { RedisTarget } from '../../src/queue/connect-redis.ts';
import { startRedis } from '../support/start-redis.ts';
import { untilPasses } from '../support/until.ts';

const id = (at: number): BatchId => batchId(`b-${at.toString(16).padStart(32, '0')}`);

function open(target: RedisTarget, deadlineMs = 5000): BatchQueue & AsyncDisposable {
  const queue = createBatchQueue({ target, clock, deadlineMs });
  return { ...queue, [Symbol.asyncDispose]: queue.close };
}

/** A job of this id in the state another program, or an older Nightjar, left it in. */
async function leaveJob(socketPath: string, state: 'failed' | 'completed', jobId: BatchId): Promise<void> {
  const connection = new Redis({ path: socketPath, maxRetriesPerRequest: null });
  const queue = new Queue(QUEUE_NAME, { connection });
  await queue.add('deliver', { batchId: 'something else' }, { jobId });
  const worker = new Worker(
    QUEUE_NAME,
    async () => {
      if (state === 'failed') throw new Error('left behind');
    },
    { connection },
  );
  await new Promise<void>((resolve) => worker.once(state, (_job: Job | undefined) => resolve()));
  await worker.close();
  await queue.close();
  connection.disconnect();
}

test('queues a batch once, however often it is asked to', async () => {
  await using redis = await startRedis();
  await using queue = open(redis.target);

  await queue.enqueue(id(1));
  await queue.enqueue(id(1));
  await queue.enqueue(id(2));

  expect(await queue.jobs()).toEqual(
    new Map([
      [id(1), 'waiting'],
      [id(2), 'waiting'],
    ]),
  );
});

test.each(['failed', 'completed'] as const)('queues a batch again whose job is %s', async (state) => {
  await using redis = await startRedis();
  await leaveJob(redis.target.socketPath, state, id(7));
  await using queue = open(redis.target);
  expect((await queue.jobs()).get(id(7))).toBe(state);

  await queue.enqueue(id(7));

  expect(await queue.jobs()).toEqual(new Map([[id(7), 'waiting']]));
  const raw = new Redis({ path: redis.target.socketPath });
  expect(await raw.hget(`bull:${QUEUE_NAME}:${id(7)}`, 'data')).toBe(JSON.stringify({ batchId: id(7) }));
  raw.disconnect();
});

test('leaves a job that a living worker has, and says so when asked to remove it', async () => {
  await using redis = await startRedis();
  await using queue = open(redis.target);
  await queue.enqueue(id(1));
  const connection = new Redis({ path: redis.target.socketPath, maxRetriesPerRequest: null });
  const working = Promise.withResolvers<void>();
  const worker = new Worker(QUEUE_NAME, () => working.promise, { connection });
  await untilPasses(async () => expect((await queue.jobs()).get(id(1))).toBe('active'));

  await queue.enqueue(id(1));

  expect(await queue.jobs()).toEqual(new Map([[id(1), 'active']]));
  expect(await queue.remove(id(1))).toBe(false);
  working.resolve();
  await worker.close();
  connection.disconnect();
});

test('removes and clears, also what a dead worker left active', async () => {
  await using redis = await startRedis();
  await using queue = open(redis.target);
  for (let at = 1; at <= 5; at++) await queue.enqueue(id(at));
  const connection = new Redis({ path: redis.target.socketPath, maxRetriesPerRequest: null });
  const abandoned = new Worker(QUEUE_NAME, null, { connection });
  await abandoned.getNextJob('token of a worker that is gone');
  await abandoned.close(true);
  connection.disconnect();

  expect(await queue.remove(id(5))).toBe(true);
  const states = [...(await queue.jobs()).values()];
  expect(states.filter((state) => state === 'active')).toHaveLength(1);
  expect(states).toHaveLength(4);
  await queue.clear();
  expect(await queue.jobs()).toEqual(new Map());
  await queue.enqueue(id(6));
  expect(await queue.jobs()).toEqual(new Map([[id(6), 'waiting']]));
});

test('every call and the close end when Redis was never there', async () => {
  const queue = createBatchQueue({
    target: { socketPath: '/nonexistent/redis.sock' },
    clock,
    deadlineMs: 150,
  });
  const calls = [
    queue.enqueue(id(1)),
    queue.jobs(),
    queue.remove(id(1)),
    queue.clear(),
  ] satisfies Promise<unknown>[];

  for (const result of await Promise.allSettled(calls)) {
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'QUEUE_UNAVAILABLE' } });
  }
  await queue.close();
});

test('a call that failed for its caller is not made later', async () => {
  await using redis = await startRedis();
  const queue = open(redis.target, 200);
  await queue.jobs();
  await redis.kill();

  await expect(queue.enqueue(id(1))).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  await redis.restart();

  await untilPasses(async () => expect(await queue.jobs()).toEqual(new Map()));
  await queue.close();
});

test('calls end in time when Redis holds the connection and does not answer', async () => {
  await using redis = await startRedis();
  const queue = open(redis.target, 200);
  await queue.jobs();
  redis.freeze();

  await expect(queue.jobs()).rejects.toMatchObject({ code: 'QUEUE_UNAVAILABLE' });
  await queue.close();
  redis.thaw();
});

test('never lets the password out with an error', async () => {
  const password = 'correct horse battery staple';
  const refusals: Error[] = [];
  await using redis = await startRedis();
  const admin = new Redis({ path: redis.target.socketPath });
  await admin.config('SET', 'requirepass', 'another one');
  // The embedded server has no TCP: a passage to its socket, as an outside Redis would be reached.
  const passage = createServer((inside) => {
    const outside = connect(redis.target.socketPath);
    for (const socket of [inside, outside]) socket.on('error', () => undefined);
    inside.pipe(outside).pipe(inside);
  });
  passage.listen(0, '127.0.0.1');
  await once(passage, 'listening');
  const address = passage.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const queue = createBatchQueue({
    target: { url: `redis://127.0.0.1:${port}`, username: 'default', password: new Secret(password) },
    clock,
    deadlineMs: 500,
    onError: (error) => refusals.push(error),
  });

  const failure = await queue.jobs().catch((error: unknown) => error);
  await untilPasses(() => expect(refusals.length).toBeGreaterThan(0));
  await queue.close();
  passage.close();
  await admin.config('SET', 'requirepass', '');
  admin.disconnect();

  const everything = inspect([failure, refusals], { depth: 20, showHidden: true });
  expect(everything).toContain('WRONGPASS');
  expect(everything).not.toContain('battery');
});

test('refuses an address that is none, without repeating it', () => {
  const target = { url: 'http://user:secretword@host' };

  const opening = (): unknown => createBatchQueue({ target, clock, deadlineMs: 100 });

  expect(opening).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(opening).not.toThrow(/secretword/);
});

test('a call that is under way fails at once when the connection is cut', async () => {
  await using redis = await startRedis();
  await using queue = open(redis.target, 600_000);
  await queue.jobs();
  redis.freeze();
  const failure = queue.jobs().catch((error: unknown) => error);

  await redis.kill();

  expect(await failure).toMatchObject({
    code: 'QUEUE_UNAVAILABLE',
    message: expect.stringContaining('the connection was cut'),
  });
});

test.each([
  [
    'a Redis that is full is told by its own words and a cure, and is no working queue',
    ['maxmemory', '1'],
    /^queueing batch .*OOM/,
    /full \(maxmemory\)/,
  ],
  [
    'a Redis that waits for its replicas is told by its own words and a cure, and is no working queue',
    ['min-replicas-to-write', '1'],
    /NOREPLICAS/,
    /replicas are away/,
  ],
] as const)('%s', async (_what, setting, said, cure) => {
  await using redis = await startRedis();
  await using queue = open(redis.target);
  await queue.enqueue(id(1));
  const admin = new Redis({ path: redis.target.socketPath });
  await admin.config('SET', ...setting);
  const refusal = { code: 'QUEUE_UNAVAILABLE', hint: expect.stringMatching(cure) };

  await expect(queue.enqueue(id(2))).rejects.toMatchObject({
    ...refusal,
    message: expect.stringMatching(said),
  });
  await expect(queue.jobs()).rejects.toMatchObject(refusal);

  await admin.config('SET', setting[0], '0');
  expect((await queue.jobs()).get(id(1))).toBe('waiting');
  admin.disconnect();
});

test('a replica is told by its own words and a cure', async () => {
  await using redis = await startRedis();
  await using queue = open(redis.target);
  const admin = new Redis({ path: redis.target.socketPath });
  await admin.replicaof('127.0.0.1', '1');

  await expect(queue.enqueue(id(1))).rejects.toMatchObject({
    code: 'QUEUE_UNAVAILABLE',
    message: expect.stringContaining('READONLY'),
    hint: expect.stringContaining('set redis.url to the primary'),
  });

  await admin.replicaof('NO', 'ONE');
  await queue.enqueue(id(1));
  admin.disconnect();
});

test('tells when the connection is there, the first time and after an outage', async () => {
  await using redis = await startRedis();
  await using queue = open(redis.target);
  let told = 0;
  queue.onReady(() => (told += 1));
  await queue.jobs();
  expect(told).toBe(1);

  await redis.kill();
  await redis.restart();

  await untilPasses(() => expect(told).toBe(2));
});
