import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepRedis } from '../../src/app/keep-redis.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { untilPasses } from '../support/until.ts';

let stateDir = '';
beforeEach(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), 'nj-keep-'));
});
afterEach(async () => {
  await rm(stateDir, { recursive: true, force: true });
});

const gone = (pid: number): void => {
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
};

/** The process that listens there, 0 while none answers. */
async function pidAt(socketPath: string): Promise<number> {
  const redis = new Redis({ path: socketPath, retryStrategy: () => null, commandTimeout: 500 });
  redis.on('error', () => undefined);
  try {
    return Number(/^process_id:(\d+)/m.exec(await redis.info('server'))?.[1] ?? 0);
  } catch {
    return 0;
  } finally {
    redis.disconnect();
  }
}

test.each([
  [
    'an embedded Redis that is frozen is ended, and another takes its place',
    (pid: number): unknown => process.kill(pid, 'SIGSTOP'),
  ],
  [
    'an embedded Redis that has lost its socket is ended, and another takes its place',
    (_pid: number, socket: string): unknown => rm(socket),
  ],
  [
    'an embedded Redis that is killed is ended, and another takes its place',
    (pid: number): unknown => process.kill(pid, 'SIGKILL'),
  ],
])('%s', async (_what, fault) => {
  const told: unknown[] = [];
  const options = { stateDir, clock, trouble: (thrown: unknown) => told.push(thrown) };
  await using redis = await keepRedis({ ...options, askMs: 50, answerMs: 300 });
  const first = await pidAt(redis.socketPath);

  await fault(first, redis.socketPath);

  await untilPasses(async () => expect([0, first]).not.toContain(await pidAt(redis.socketPath)));
  gone(first);
  expect(told.every((error) => error instanceof IngestError && error.code === 'QUEUE_UNAVAILABLE')).toBe(
    true,
  );
  expect(told.length).toBeGreaterThan(0);
});
