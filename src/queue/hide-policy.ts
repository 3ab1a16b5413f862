import type { Redis, RedisOptions } from 'ioredis';

/** What helps against a Redis that may forget jobs. */
export const EVICTION_CURE =
  'Set maxmemory-policy noeviction. Nothing would be lost, the ledger has the work, but deliveries would be late.';
const POLICY = /^maxmemory_policy:(\S*).*\r?\n/m;

/** What Redis does when its memory is full, by its INFO, where that may cost jobs. */
export function evictionOf(info: string): string | undefined {
  const policy = POLICY.exec(info)?.[1] ?? 'noeviction';
  return policy === 'noeviction' ? undefined : policy;
}

/**
 * The same connection, whose INFO leaves out what Redis does when its memory is full: BullMQ would print a line of its own
 * about that, into a run's progress too. It still sees the version; `tell` is told of a policy that may cost jobs.
 */
export function hidePolicy(redis: Redis, tell: (policy: string) => void): Redis {
  const info = redis.info.bind(redis);
  const duplicate = redis.duplicate.bind(redis);
  const withoutPolicy = (said: string): string => {
    const policy = evictionOf(said);
    if (policy !== undefined) tell(policy);
    return said.replace(POLICY, '');
  };
  return Object.assign(redis, {
    // With arguments it is ioredis that asks, whether Redis is ready.
    info: async (...args: Parameters<typeof info>) =>
      args.length > 0 ? await info(...args) : withoutPolicy(await info()),
    // A worker of BullMQ waits for jobs on a second connection, and looks at it anew.
    duplicate: (more?: Partial<RedisOptions>) => hidePolicy(duplicate(more), tell),
  });
}
