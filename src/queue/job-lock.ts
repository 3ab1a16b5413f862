import type { Redis } from 'ioredis';

/** In one step, as another worker may take the job at any moment. */
const UNLOCK = "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0";

/** Takes the lock of a job away, if it is this one; answers whether it was. */
export async function unlockJob(redis: Redis, key: string, lock: string): Promise<boolean> {
  return (await redis.eval(UNLOCK, 1, key, lock)) === 1;
}

/** Locks a job for as long if nobody has; answers whose lock it has afterwards. */
export async function lockJob(
  redis: Redis,
  key: string,
  { lock, ms }: { readonly lock: string; readonly ms: number },
): Promise<string | null> {
  if ((await redis.set(key, lock, 'PX', ms, 'NX')) === 'OK') return lock;
  return await redis.get(key);
}
