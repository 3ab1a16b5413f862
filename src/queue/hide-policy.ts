import type { Redis, RedisOptions } from 'ioredis';

/**
 * The same connection, whose INFO leaves out what Redis does when its memory is full: BullMQ would print a line of its own
 * about that, into a run's progress too. It still sees the version. `nightjar check` reads the policy, and says what helps.
 */
export function hidePolicy(redis: Redis): Redis {
  const info = redis.info.bind(redis);
  const duplicate = redis.duplicate.bind(redis);
  return Object.assign(redis, {
    // With arguments it is ioredis that asks, whether Redis is ready.
    info: async (...args: Parameters<typeof info>) =>
      args.length > 0 ? await info(...args) : (await info()).replace(/^maxmemory_policy:.*\r?\n/m, ''),
    // A worker of BullMQ waits for jobs on a second connection, and looks at it anew.
    duplicate: (more?: Partial<RedisOptions>) => hidePolicy(duplicate(more)),
  });
}
