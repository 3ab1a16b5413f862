import { readdir, rename, rmdir, unlink } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import { freeSocket, prepareRedisDir, type RedisPlace, setAside, visit } from './redis-dir.ts';
import { noRoomFor } from './redis-no-room.ts';
import { findRedis, type RedisProcess, spawnRedis } from './redis-process.ts';

/** A Redis of our own: no TCP, one Unix socket for our user only, ended with us. */
export type EmbeddedRedis = AsyncDisposable & {
  readonly socketPath: string;
  /** As the program tells: "7.0.15". */
  readonly version: string;
  readonly pid: number;
  /** A sentence when the data on disk was refused and set aside: the queue is empty and must be filled again. */
  readonly recovered: string | undefined;
  /** Settles when the server ends and nobody has asked it to; never after `stop`. */
  readonly died: Promise<Error>;
  /** SIGKILL, for a server that does not answer; `died` settles. */
  readonly kill: () => void;
  /** Ends it: asks, then SIGTERM, then SIGKILL. Bounded, never fails, may be called again. */
  readonly stop: () => Promise<void>;
};

type EmbeddedRedisOptions = {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
};

/** A large log of commands takes a while to load: 50,000 jobs need a second. */
const START_MS = 120_000;
const STOP_STEP_MS = 2000;
const LOOK_AGAIN_MS = 10;

/**
 * Starts a server on <stateDir>/redis/redis.sock and waits until it answers. Call it with the instance lock held: a
 * server that an earlier daemon left behind is shut down first. REDIS_MISSING, STATE_DIR_UNUSABLE, DISK_FULL,
 * QUEUE_UNAVAILABLE (with its last words).
 */
export async function startEmbeddedRedis(options: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const { stateDir, clock, signal } = options;
  signal?.throwIfAborted();
  const program = await findRedis();
  const place = await prepareRedisDir(stateDir);
  await freeSocket(place, clock);
  const { server, recovered } = await startOrRecover(program.name, place, options);

  let asked = false;
  const died = Promise.withResolvers<Error>();
  const { exited } = server;
  exited
    .then((how) => {
      if (!asked) died.resolve(failed('the embedded Redis has ended', how, server));
      return how;
    })
    .catch(died.reject);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    asked = true;
    stopping ??= end(server, place, clock);
    return stopping;
  };
  return {
    socketPath: place.socketPath,
    version: program.version,
    pid: server.pid,
    recovered,
    died: died.promise,
    kill: () => server.kill('SIGKILL'),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * A server that ends by itself before it answers, with data on disk, most likely refuses the data (a broken middle of
 * the log, a newer version's format). Redis is a to-do list: it starts empty, the old directory is kept aside.
 */
async function startOrRecover(
  program: string,
  place: RedisPlace,
  { clock, signal }: EmbeddedRedisOptions,
): Promise<{ server: RedisProcess; recovered: string | undefined }> {
  const first = await startOnce(program, place, { clock, signal });
  if (first.failure === undefined) return { server: first.server, recovered: undefined };
  // Then it was not the data, and an empty server would not start either.
  const noRoom = first.ended ? await noRoomFor(place, first.failure) : undefined;
  if (noRoom !== undefined) throw noRoom;
  const had = await readdir(place.dir);
  if (!first.ended || !had.some((name) => name.startsWith('appendonly'))) throw first.failure;

  const aside = await setAside(place, clock);
  const second = await startOnce(program, place, { clock, signal });
  if (second.failure === undefined) {
    return {
      server: second.server,
      recovered: `${first.failure.message}; set aside as ${aside}, started empty`,
    };
  }
  // It was not the data: put it back where it was, if the second try left nothing there.
  await unlink(place.socketPath).catch(() => undefined);
  await rmdir(place.dir)
    .then(() => rename(aside, place.dir))
    .catch(() => undefined);
  throw second.failure;
}

type Start = { server: RedisProcess } & (
  | { failure: undefined }
  | { failure: Error /** It ended by itself. */; ended: boolean }
);

async function startOnce(
  program: string,
  place: RedisPlace,
  { clock, signal }: { clock: Clock; signal: AbortSignal | undefined },
): Promise<Start> {
  const server = await spawnRedis(program, configurationOf(place), place.dir);
  const until = clock.monotonic() + START_MS;
  const hopeful = (): boolean =>
    server.ended() === undefined && clock.monotonic() < until && signal?.aborted !== true;
  while (hopeful()) {
    if (await answers(place.socketPath)) return { server, failure: undefined };
    await Promise.race([clock.sleep(LOOK_AGAIN_MS), server.exited]);
  }
  const how = server.ended();
  await end(server, place, clock);
  signal?.throwIfAborted();
  const reason = how ?? `no answer within ${START_MS / 1000} s`;
  return { server, failure: failed('starting the embedded Redis', reason, server), ended: how !== undefined };
}

/** True when it serves commands: while it loads its data it answers LOADING, an error. */
export async function answers(socketPath: string, answerMs?: number): Promise<boolean> {
  const visitor = visit(socketPath, answerMs);
  try {
    await visitor.connect();
    return (await visitor.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    visitor.disconnect();
  }
}

async function end(server: RedisProcess, place: RedisPlace, clock: Clock): Promise<void> {
  // Already gone: a later server may have the socket's name by now.
  if (server.ended() !== undefined) return;
  if (await shutDown(place.socketPath)) await endsWithin(server, clock);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (server.ended() !== undefined) break;
    server.kill(signal);
    await endsWithin(server, clock);
  }
  await unlink(place.socketPath).catch(() => undefined);
}

async function endsWithin(server: RedisProcess, clock: Clock): Promise<void> {
  const over = new AbortController();
  const late = clock.sleep(STOP_STEP_MS, over.signal).catch(() => undefined);
  await Promise.race([server.exited, late]);
  over.abort();
}

/** False when it could not be asked, or did not do it in time. */
async function shutDown(socketPath: string): Promise<boolean> {
  const visitor = visit(socketPath);
  try {
    await visitor.connect();
  } catch {
    return false;
  }
  try {
    await visitor.call('SHUTDOWN', 'NOSAVE');
    return false;
  } catch {
    // The end of the connection is the answer, and that it has come is what `ready` no longer tells.
    return visitor.status !== 'ready';
  } finally {
    visitor.disconnect();
  }
}

/**
 * everysec, not always: on a full disk `always` ends the server, `everysec` refuses writes and recovers by itself
 * (redis.io, persistence; github.com/redis/redis/pull/8347). What a power cut takes, the ledger has.
 */
function configurationOf({ dir, socketPath }: RedisPlace): string {
  return [
    'port 0',
    `unixsocket ${quoted(socketPath)}`,
    'unixsocketperm 600',
    `dir ${quoted(dir)}`,
    'daemonize no',
    'logfile ""',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    '',
  ].join('\n');
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function failed(attempted: string, how: string, server: RedisProcess): IngestError {
  const words = server.lastWords();
  return new IngestError('QUEUE_UNAVAILABLE', `${attempted}: ${how}`, {
    hint: `Nothing is lost: the ledger has the work. Redis said last: ${words === '' ? 'nothing' : words}`,
    context: { pid: server.pid },
  });
}
