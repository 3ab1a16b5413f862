import { once } from 'node:events';
import { chmod, lstat, mkdir, readFile, realpath, rename, unlink } from 'node:fs/promises';
import { createConnection } from 'node:net';
import path from 'node:path';
import { Redis } from 'ioredis';
import type { Clock } from '../core/clock.ts';
import { type ErrorCode, IngestError, systemCode } from '../core/errors.ts';

/** `dir` is private to the service (0700); the server listens on `socketPath` in it. */
export type RedisPlace = { readonly dir: string; readonly socketPath: string };

/** sun_path has 108 bytes with the final NUL (man 7 unix); Redis makes the socket under its plain name. */
const LONGEST_SOCKET_PATH = 100;
const ANSWER_MS = 5000;
const ORPHAN_END_MS = 10_000;
const LOOK_AGAIN_MS = 20;

/** Makes <stateDir>/redis, 0700. STATE_DIR_UNUSABLE or DISK_FULL when that is not possible. */
export async function prepareRedisDir(stateDir: string): Promise<RedisPlace> {
  const dir = path.resolve(stateDir, 'redis');
  const socketPath = path.join(dir, 'redis.sock');
  const bytes = Buffer.byteLength(socketPath);
  if (bytes > LONGEST_SOCKET_PATH) {
    throw unusable(`the path of its Redis socket has ${bytes} bytes, ${LONGEST_SOCKET_PATH} are possible`, {
      path: socketPath,
      hint: 'Choose a state directory with a shorter path, such as /var/lib/nightjar.',
    });
  }
  if (/\p{Cc}/u.test(socketPath)) {
    throw unusable('its path has a control character', {
      path: dir,
      hint: 'Choose another state directory.',
    });
  }
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    if (!(await lstat(dir)).isDirectory()) throw new Error('it is not a directory');
    await chmod(dir, 0o700);
  } catch (error) {
    const code = systemCode(error) === 'ENOSPC' ? 'DISK_FULL' : 'STATE_DIR_UNUSABLE';
    throw unusable(reasonOf(error), {
      path: dir,
      hint: 'The state directory must belong to the user the service runs as, and have room.',
      code,
      cause: error,
    });
  }
  return { dir, socketPath };
}

/**
 * Makes the socket's name free. A server of an earlier daemon that still answers is shut down (it keeps its data); a
 * socket nobody listens on is removed; a server that works in another directory is none of ours: STATE_DIR_UNUSABLE.
 * QUEUE_UNAVAILABLE when a server is there and neither answers nor ends.
 */
export async function freeSocket(place: RedisPlace, clock: Clock): Promise<void> {
  if (!(await socketExists(place))) return;
  const refused = await knock(place.socketPath);
  if (refused === 'ENOENT') return;
  if (refused === 'ECONNREFUSED') {
    await unlink(place.socketPath);
    return;
  }
  const orphan = visit(place.socketPath);
  try {
    await shutDownOrphan(orphan, place, clock);
  } finally {
    orphan.disconnect();
  }
}

/** The errno name with which a socket refuses a connection, undefined when somebody listens. ioredis does not tell. */
async function knock(socketPath: string): Promise<string | undefined> {
  const socket = createConnection(socketPath);
  try {
    await once(socket, 'connect');
    return undefined;
  } catch (error) {
    return systemCode(error) ?? 'unknown';
  } finally {
    socket.destroy();
  }
}

async function shutDownOrphan(orphan: Redis, place: RedisPlace, clock: Clock): Promise<void> {
  let dir: string | undefined;
  let pid: number;
  try {
    await orphan.connect();
    dir = (await orphan.config('GET', 'dir')).at(1);
    pid = Number(/^process_id:(\d+)/m.exec(await orphan.info('server'))?.[1]);
  } catch (error) {
    throw deaf(place, error);
  }
  if (dir === undefined || !(await isSameDir(dir, place.dir))) {
    throw unusable(`its socket belongs to a Redis that works in ${dir ?? 'an unknown directory'}`, {
      path: place.socketPath,
      hint: 'Stop that Redis or give Nightjar a state directory of its own.',
    });
  }
  // The answer is the end of the connection, or nothing at all when it cannot: then a signal, then a harder one.
  await orphan.call('SHUTDOWN', 'NOSAVE').catch(() => undefined);
  for (const signal of [undefined, 'SIGTERM', 'SIGKILL'] as const) {
    if (signal !== undefined) await signalRedis(pid, signal);
    if (await isFree(place.socketPath, clock)) return;
  }
  throw deaf(place, new Error(`process ${pid} does not end`));
}

async function isFree(socketPath: string, clock: Clock): Promise<boolean> {
  const until = clock.monotonic() + ORPHAN_END_MS;
  while (clock.monotonic() < until) {
    const refused = await knock(socketPath);
    if (refused === 'ECONNREFUSED') await unlink(socketPath).catch(() => undefined);
    if (refused === 'ECONNREFUSED' || refused === 'ENOENT') return true;
    await clock.sleep(LOOK_AGAIN_MS);
  }
  return false;
}

/** Only a process that looks like a server of ours gets a signal: the id it told may be of another namespace. */
async function signalRedis(pid: number, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (!/redis|valkey/.test(title)) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile, or is not ours to end: the socket will tell.
  }
}

/** A connection for one short visit: no second try, no ready check, nothing queued. Its errors are its rejections. */
export function visit(socketPath: string, answerMs = ANSWER_MS): Redis {
  const visitor = new Redis({
    path: socketPath,
    lazyConnect: true,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    connectTimeout: answerMs,
    commandTimeout: answerMs,
    // ioredis waits this long (2 s by default) also for a connection that has ended, and keeps the process alive for it.
    disconnectTimeout: 50,
    retryStrategy: () => null,
  });
  visitor.on('error', () => undefined);
  return visitor;
}

async function socketExists({ socketPath }: RedisPlace): Promise<boolean> {
  const found = await lstat(socketPath).catch(() => undefined);
  if (found === undefined) return false;
  if (found.isSocket()) return true;
  throw unusable('something that is no socket is in the place of its Redis socket', {
    path: socketPath,
    hint: 'Look what it is, and move it away.',
  });
}

async function isSameDir(one: string, other: string): Promise<boolean> {
  const real = await Promise.all([one, other].map((dir) => realpath(dir).catch(() => undefined)));
  return real[0] !== undefined && real[0] === real[1];
}

/** Moves a directory Redis refuses out of the way, keeping it for a look; answers its new path. */
export async function setAside({ dir }: RedisPlace, clock: Clock): Promise<string> {
  const time = new Date(clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const aside = `${dir}.refused-${time}`;
  await rename(dir, aside);
  await mkdir(dir, { mode: 0o700 });
  return aside;
}

function deaf({ socketPath }: RedisPlace, cause: unknown): IngestError {
  return new IngestError('QUEUE_UNAVAILABLE', `ending the Redis an earlier daemon left: ${reasonOf(cause)}`, {
    hint: `Find the process that listens on ${socketPath} (ss -xlp), and end it.`,
    context: { path: socketPath },
    cause,
  });
}

function unusable(
  reason: string,
  details: { path: string; hint: string; code?: ErrorCode; cause?: unknown },
): IngestError {
  const { path, hint, code = 'STATE_DIR_UNUSABLE', cause } = details;
  return new IngestError(code, `using ${path} for the embedded Redis: ${reason}`, {
    hint,
    context: { path },
    cause,
  });
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
