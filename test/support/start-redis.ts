import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { systemClock } from '../../src/core/clock.ts';
import type { RedisTarget } from '../../src/queue/connect-redis.ts';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/queue/embedded-redis.ts';
import { onOwnPort } from './own-port.ts';

/** A private server for one test, in a temp dir that goes with it. */
export type TestRedis = AsyncDisposable & {
  readonly stateDir: string;
  readonly target: RedisTarget & { readonly socketPath: string };
  /** SIGKILL, and gone when it resolves. */
  readonly kill: () => Promise<void>;
  /** Starts it again on the same data. */
  readonly restart: () => Promise<void>;
  /** FLUSHALL: what an administrator's mistake looks like. */
  readonly wipe: () => Promise<void>;
  /** SIGSTOP and SIGCONT: it holds its connections and does not answer. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** CONFIG SET, at once. */
  readonly set: (setting: string, value: string) => Promise<void>;
  /** From here on also on a free port of the loopback, as an outside one. */
  readonly listen: () => Promise<number>;
};

/** `await using redis = await startRedis()` */
export async function startRedis(): Promise<TestRedis> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'nj-redis-'));
  let server: EmbeddedRedis = await startEmbeddedRedis({ stateDir, clock: systemClock });
  const { socketPath } = server;
  const set = async (setting: string, value: string): Promise<void> => {
    const redis = new Redis({ path: socketPath });
    await redis.config('SET', setting, value);
    await redis.quit();
  };
  return {
    stateDir,
    set,
    listen: async () =>
      await onOwnPort(async (port) => {
        await set('port', String(port));
        return port;
      }),
    target: { socketPath },
    kill: async () => {
      process.kill(server.pid, 'SIGKILL');
      await server.died;
    },
    restart: async () => {
      server = await startEmbeddedRedis({ stateDir, clock: systemClock });
    },
    wipe: async () => {
      const redis = new Redis({ path: socketPath });
      await redis.flushall();
      await redis.quit();
    },
    freeze: () => process.kill(server.pid, 'SIGSTOP'),
    thaw: () => process.kill(server.pid, 'SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
