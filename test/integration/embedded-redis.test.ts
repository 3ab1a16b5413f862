import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock as clock } from '../../src/core/clock.ts';
import { startEmbeddedRedis } from '../../src/queue/embedded-redis.ts';

let stateDir = '';
beforeEach(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), 'nj-emb-'));
});
afterEach(async () => {
  await rm(stateDir, { recursive: true, force: true });
});

async function ask<T>(socketPath: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ path: socketPath });
  redis.on('error', () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

test('starts on a private socket with a log of commands, without TCP and without eviction', async () => {
  await using redis = await startEmbeddedRedis({ stateDir, clock });

  expect((await stat(redis.socketPath)).mode & 0o777).toBe(0o600);
  expect((await stat(path.dirname(redis.socketPath))).mode & 0o777).toBe(0o700);
  expect(redis.version).toMatch(/^\d+\.\d+/);
  const settings = await ask(redis.socketPath, (client) =>
    client.config('GET', 'port', 'appendonly', 'appendfsync', 'save', 'maxmemory-policy', 'unixsocketperm'),
  );
  expect(Object.fromEntries(pairs(settings))).toEqual({
    port: '0',
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    unixsocketperm: '600',
  });
  const argv = await readFile(`/proc/${redis.pid}/cmdline`, 'utf8');
  expect(argv).not.toContain('appendonly');
});

function pairs(list: readonly unknown[]): [string, unknown][] {
  return Array.from({ length: list.length / 2 }, (_, at) => [String(list[2 * at]), list[2 * at + 1]]);
}

test('stops without a trace of the process or the socket, and may be stopped twice', async () => {
  const redis = await startEmbeddedRedis({ stateDir, clock });

  await Promise.all([redis.stop(), redis.stop()]);

  expect(() => process.kill(redis.pid, 0)).toThrow('ESRCH');
  await expect(stat(redis.socketPath)).rejects.toThrow('ENOENT');
});

test('keeps what was written over a stop and a start, in a directory with odd characters', async () => {
  const odd = path.join(stateDir, 'a "b" \\c ü');
  const first = await startEmbeddedRedis({ stateDir: odd, clock });
  await ask(first.socketPath, (client) => client.set('kept', 'yes'));
  await first.stop();

  await using second = await startEmbeddedRedis({ stateDir: odd, clock });

  expect(await ask(second.socketPath, (client) => client.get('kept'))).toBe('yes');
  expect(second.recovered).toBeUndefined();
});

test('removes a socket that nobody listens on', async () => {
  const dir = path.join(stateDir, 'redis');
  await mkdir(dir);
  const script = `require('net').createServer().listen(${JSON.stringify(path.join(dir, 'redis.sock'))}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await stat(path.join(dir, 'redis.sock'))).isSocket()).toBe(true);

  await using redis = await startEmbeddedRedis({ stateDir, clock });

  expect(await ask(redis.socketPath, (client) => client.ping())).toBe('PONG');
});

test('refuses a socket path that the kernel would cut, and says how long it may be', async () => {
  const deep = path.join(stateDir, 'd'.repeat(90));

  await expect(startEmbeddedRedis({ stateDir: deep, clock })).rejects.toMatchObject({
    code: 'STATE_DIR_UNUSABLE',
    message: expect.stringContaining('100 are possible'),
  });
});

test('refuses a socket of a Redis that works in another directory, and leaves that Redis alone', async () => {
  const elsewhere = path.join(stateDir, 'elsewhere');
  await mkdir(elsewhere);
  await mkdir(path.join(stateDir, 'redis'));
  const socketPath = path.join(stateDir, 'redis', 'redis.sock');
  const other = spawn('redis-server', ['--port', '0', '--unixsocket', socketPath, '--dir', elsewhere]);
  try {
    await ask(socketPath, (client) => client.ping());

    await expect(startEmbeddedRedis({ stateDir, clock })).rejects.toMatchObject({
      code: 'STATE_DIR_UNUSABLE',
      message: expect.stringContaining(elsewhere),
    });
    expect(await ask(socketPath, (client) => client.ping())).toBe('PONG');
  } finally {
    other.kill('SIGKILL');
    await once(other, 'exit');
  }
});

test('refuses a file in the place of the socket', async () => {
  await mkdir(path.join(stateDir, 'redis'));
  await writeFile(path.join(stateDir, 'redis', 'redis.sock'), 'mine');

  await expect(startEmbeddedRedis({ stateDir, clock })).rejects.toMatchObject({ code: 'STATE_DIR_UNUSABLE' });
  expect(await readFile(path.join(stateDir, 'redis', 'redis.sock'), 'utf8')).toBe('mine');
});

test('refuses a listener that is there and is no Redis', async () => {
  await mkdir(path.join(stateDir, 'redis'));
  const listener = createServer((socket) => socket.on('error', () => undefined).end('go away\r\n'));
  listener.listen(path.join(stateDir, 'redis', 'redis.sock'));
  await once(listener, 'listening');
  try {
    await expect(startEmbeddedRedis({ stateDir, clock })).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
    });
  } finally {
    listener.close();
  }
});

function source(file: string): string {
  return JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);
}

test('says how to install Redis when PATH has none', async () => {
  const script = path.join(stateDir, 'start.ts');
  await writeFile(
    script,
    `import { startEmbeddedRedis } from ${source('queue/embedded-redis.ts')};
     import { systemClock as clock } from ${source('core/clock.ts')};
     try { await startEmbeddedRedis({ stateDir: ${JSON.stringify(stateDir)}, clock }); }
     catch (error) { console.log(JSON.stringify({ code: error.code, hint: error.hint })); }`,
  );

  const child = spawn(process.execPath, [script], {
    env: { PATH: stateDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const answer = JSON.parse((await child.stdout.toArray()).join(''));

  expect(answer.code).toBe('REDIS_MISSING');
  expect(answer.hint).toContain('sh src/setup.sh');
});

test('is stopped while it starts when the signal says so, and nothing stays behind', async () => {
  const stop = new AbortController();
  const starting = startEmbeddedRedis({ stateDir, clock, signal: stop.signal });
  stop.abort(new Error('enough'));

  await starting.then(
    (redis) => redis.stop(),
    (error: Error) => expect(error.message).toBe('enough'),
  );
  await expect(stat(path.join(stateDir, 'redis', 'redis.sock'))).rejects.toThrow('ENOENT');
});
