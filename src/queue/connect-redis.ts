import { Redis, type RedisOptions } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import { IngestError, systemCode } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { cureOf } from './redis-refusal.ts';

/** Where Redis is. `url` is redis:// or rediss://; the password comes apart from it, or inside it as a last resort. */
export type RedisTarget =
  | { readonly socketPath: string }
  | {
      readonly url: string;
      readonly username?: string;
      readonly password?: Secret;
      /** PEM text of the authority that signed the server's certificate. */
      readonly ca?: string;
    };

/** One connection of ours: whoever made the link ends it. */
export type RedisLink = {
  readonly redis: Redis;
  /** Resolves when commands can be sent; rejects with the signal's reason. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  /** As `work`, but rejects at once when the connection ends: ioredis would leave what was under way without an answer. */
  readonly whileConnected: <T>(work: () => Promise<T>) => Promise<T>;
  /** Any failure of this connection without what ioredis hangs on it: it may carry the password. */
  readonly plainError: (thrown: unknown) => Error;
  /** Ends the connection and every duplicate BullMQ made of it, at once and for good; never waits for Redis. */
  readonly abandon: () => void;
};

type LinkOptions = {
  /** False: a command fails at once while Redis is away. True: it waits, as BullMQ's worker needs it. */
  readonly waitForRedis: boolean;
  readonly onError: (error: Error) => void;
};

/**
 * Connects, and reconnects for as long as the link lives: after 50 ms first, every 2 s at the slowest. Failures of the
 * connection go to `onError`, never thrown. CONFIG_INVALID for a URL that is none.
 */
export function connectRedis(target: RedisTarget, { waitForRedis, onError }: LinkOptions): RedisLink {
  const plainError = withoutSecrets(secretsOf(target));
  let abandoned = false;
  const redis = open(target, {
    maxRetriesPerRequest: null,
    enableOfflineQueue: waitForRedis,
    // A command that failed for its caller must not be run later behind the caller's back.
    autoResendUnfulfilledCommands: waitForRedis,
    // ioredis waits this long (2 s by default) also for a connection that has ended, and keeps the process alive for it.
    disconnectTimeout: 50,
    // null ends a connection for good. Duplicates share this function, so they end with the first one.
    retryStrategy: (times) => (abandoned ? null : Math.min(2000, 50 * 2 ** Math.min(times - 1, 6))),
  });
  redis.on('error', (error) => {
    if (!abandoned) onError(plainError(error));
  });
  return {
    redis,
    plainError,
    ready: (signal) => whenReady(redis, signal),
    whileConnected: (work) => whileConnected(redis, work),
    abandon: () => {
      abandoned = true;
      redis.disconnect();
    },
  };
}

type Behaviour = Pick<
  RedisOptions,
  | 'maxRetriesPerRequest'
  | 'enableOfflineQueue'
  | 'autoResendUnfulfilledCommands'
  | 'disconnectTimeout'
  | 'retryStrategy'
>;

function open(target: RedisTarget, options: Behaviour): Redis {
  if ('socketPath' in target) return new Redis({ ...options, path: target.socketPath });
  return new Redis(target.url, {
    ...options,
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password.reveal() }),
    ...tlsOf(target.url, target.ca),
  });
}

/** Said here, so that neither NODE_TLS_REJECT_UNAUTHORIZED in the environment nor the URL can switch the check off. */
function tlsOf(url: string, ca: string | undefined): Pick<RedisOptions, 'tls'> {
  if (ca === undefined && !/^rediss:/i.test(url)) return {};
  return { tls: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) } };
}

async function whenReady(redis: Redis, signal: AbortSignal): Promise<void> {
  if (redis.status === 'ready') return;
  const waiting = Promise.withResolvers<void>();
  const stop = (): void => {
    waiting.reject(signal.reason instanceof Error ? signal.reason : new Error('stopped waiting for Redis'));
  };
  redis.once('ready', waiting.resolve);
  signal.addEventListener('abort', stop);
  try {
    await waiting.promise;
  } finally {
    redis.off('ready', waiting.resolve);
    signal.removeEventListener('abort', stop);
  }
}

async function whileConnected<T>(redis: Redis, work: () => Promise<T>): Promise<T> {
  const lost = Promise.withResolvers<never>();
  const tell = (): void => lost.reject(new Error('the connection was cut'));
  redis.once('close', tell);
  try {
    const working = work();
    // When the connection is cut first, how the work ends is nobody's concern any more.
    working.catch(() => undefined);
    return await Promise.race([working, lost.promise]);
  } finally {
    redis.off('close', tell);
  }
}

/** ioredis puts a command's arguments on its errors (`HELLO 3 AUTH user password`); only text and code go on. */
function withoutSecrets(secrets: readonly string[]): (thrown: unknown) => Error {
  return (thrown) => {
    const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
    const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text);
    const code = systemCode(thrown);
    return Object.assign(new Error(clean), code === undefined ? {} : { code });
  };
}

function secretsOf(target: RedisTarget): readonly string[] {
  if ('socketPath' in target) return [];
  const url = URL.parse(target.url);
  if (url === null || !/^rediss?:$/.test(url.protocol)) {
    throw new IngestError('CONFIG_INVALID', 'reading redis.url: it is not a redis:// or rediss:// address', {
      hint: 'Write redis.url as redis://host:6379 or rediss://host:6380, and the password as a credential.',
    });
  }
  const inUrl = [url.password, decodeURIComponent(url.password)];
  return [...inUrl, target.password?.reveal() ?? ''].filter((secret) => secret !== '');
}

/**
 * Runs `work` against Redis with a deadline of our own, as BullMQ's calls may hang for ever while Redis is away.
 * Whatever goes wrong is QUEUE_UNAVAILABLE; the signal is aborted when nobody waits for the work any longer.
 */
export async function withinDeadline<T>(
  { clock, ms, attempted }: { readonly clock: Clock; readonly ms: number; readonly attempted: string },
  link: RedisLink,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const late = clock
    .sleep(ms, over.signal)
    .then(() => Promise.reject(new Error(`no answer within ${ms} ms`)));
  const working = work(over.signal);
  // The loser of the race is nobody's concern any more.
  late.catch(() => undefined);
  working.catch(() => undefined);
  try {
    return await Promise.race([working, late]);
  } catch (error) {
    if (error instanceof IngestError) throw error;
    const cause = link.plainError(error);
    throw new IngestError('QUEUE_UNAVAILABLE', `${attempted}: ${cause.message}`, {
      hint: cureOf(cause.message),
      cause,
    });
  } finally {
    over.abort(new Error('nobody waits for this any longer'));
  }
}
