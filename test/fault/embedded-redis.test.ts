import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock as clock } from '../../src/core/clock.ts';
import { startEmbeddedRedis } from '../../src/queue/embedded-redis.ts';
import { untilPasses } from '../support/until.ts';

let stateDir = '';
beforeEach(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), 'nj-emb-'));
});
afterEach(async () => {
  await rm(stateDir, { recursive: true, force: true });
});

async function ask<T>(socketPath: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis({ path: socketPath, maxRetriesPerRequest: 5 });
  redis.on('error', () => undefined);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

function source(file: string): string {
  return JSON.stringify(new URL(`../../src/${file}`, import.meta.url).href);
}

/** A process that starts the embedded Redis, prints its pid and then only lives. */
async function startParent(env: NodeJS.ProcessEnv): Promise<{ kill: () => void; redisPid: number }> {
  const script = path.join(stateDir, 'parent.ts');
  await writeFile(
    script,
    `import { startEmbeddedRedis } from ${source('queue/embedded-redis.ts')};
     import { systemClock as clock } from ${source('core/clock.ts')};
     const redis = await startEmbeddedRedis({ stateDir: ${JSON.stringify(stateDir)}, clock });
     console.log(redis.pid);
     setInterval(() => undefined, 1000);`,
  );
  const parent = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(parent.stdout, 'data');
  return { kill: () => parent.kill('SIGKILL'), redisPid: Number(String(line)) };
}

test('ends with a parent that was killed', async () => {
  const parent = await startParent(process.env);
  expect(process.kill(parent.redisPid, 0)).toBe(true);

  parent.kill();

  await untilPasses(() => expect(() => process.kill(parent.redisPid, 0)).toThrow('ESRCH'));
});

test('ends with a parent that was killed where there is no setpriv', async () => {
  const bin = path.join(stateDir, 'bin');
  await mkdir(bin);
  for (const program of ['sh', 'redis-server']) await symlink(`/usr/bin/${program}`, path.join(bin, program));
  const parent = await startParent({ PATH: bin });
  expect(process.kill(parent.redisPid, 0)).toBe(true);

  parent.kill();

  await untilPasses(() => expect(() => process.kill(parent.redisPid, 0)).toThrow('ESRCH'));
});

test('shuts down a server that an earlier daemon left behind, and keeps what it had', async () => {
  const dir = path.join(stateDir, 'redis');
  await mkdir(dir);
  const socketPath = path.join(dir, 'redis.sock');
  const orphan = spawn(
    'redis-server',
    ['--port', '0', '--unixsocket', socketPath, '--dir', dir, '--appendonly', 'yes'],
    { stdio: 'ignore' },
  );
  const gone = once(orphan, 'exit');
  await ask(socketPath, (client) => client.set('kept', 'yes'));

  await using redis = await startEmbeddedRedis({ stateDir, clock });

  await gone;
  expect(redis.pid).not.toBe(orphan.pid);
  expect(await ask(redis.socketPath, (client) => client.get('kept'))).toBe('yes');
});

test('tells when the server dies, and starts again on its data', async () => {
  const first = await startEmbeddedRedis({ stateDir, clock });
  await ask(first.socketPath, (client) => client.set('kept', 'yes'));

  process.kill(first.pid, 'SIGKILL');

  await expect(first.died).resolves.toMatchObject({
    code: 'QUEUE_UNAVAILABLE',
    message: expect.stringContaining('SIGKILL'),
  });
  await using second = await startEmbeddedRedis({ stateDir, clock });
  expect(await ask(second.socketPath, (client) => client.get('kept'))).toBe('yes');
  await first.stop();
  expect(await ask(second.socketPath, (client) => client.ping())).toBe('PONG');
});

test('stops a server that does not answer any more', async () => {
  const redis = await startEmbeddedRedis({ stateDir, clock });
  process.kill(redis.pid, 'SIGSTOP');

  await redis.stop();

  expect(() => process.kill(redis.pid, 0)).toThrow('ESRCH');
});

test('starts empty when the log of commands is broken, keeps the old one aside and says so', async () => {
  const first = await startEmbeddedRedis({ stateDir, clock });
  await ask(first.socketPath, async (client) => {
    for (let at = 0; at < 50; at++) await client.set(`key${at}`, 'x'.repeat(100));
  });
  await first.stop();
  const log = path.join(stateDir, 'redis', 'appendonlydir');
  for (const name of await readdir(log)) {
    if (name.includes('.incr.'))
      await writeFile(path.join(log, name), '*3\r\nbroken in the middle', { flag: 'r+' });
  }

  await using second = await startEmbeddedRedis({ stateDir, clock });

  expect(second.recovered).toContain('started empty');
  expect(await ask(second.socketPath, (client) => client.dbsize())).toBe(0);
  const aside = (await readdir(stateDir)).filter((name) => name.startsWith('redis.refused-'));
  expect(aside).toHaveLength(1);
  expect(await readdir(path.join(stateDir, aside[0] ?? ''))).toContain('appendonlydir');
});

test('starts with what is whole when the log of commands is cut short', async () => {
  const first = await startEmbeddedRedis({ stateDir, clock });
  await ask(first.socketPath, (client) => client.set('whole', 'yes'));
  await ask(first.socketPath, (client) => client.set('last', 'x'.repeat(100)));
  await first.stop();
  const log = path.join(stateDir, 'redis', 'appendonlydir');
  const [name = ''] = (await readdir(log)).filter((one) => one.includes('.incr.'));
  await truncate(path.join(log, name), (await stat(path.join(log, name))).size - 50);

  await using second = await startEmbeddedRedis({ stateDir, clock });

  expect(second.recovered).toBeUndefined();
  expect(await ask(second.socketPath, (client) => client.mget('whole', 'last'))).toEqual(['yes', null]);
});

test('gives the last words of a server that cannot start, and leaves its data in place', async () => {
  const first = await startEmbeddedRedis({ stateDir, clock });
  await first.stop();
  const bin = path.join(stateDir, 'bin');
  await mkdir(bin);
  const broken =
    '#!/bin/sh\n[ "$1" = --version ] && echo "v=7.0.15" && exit\necho "no room for me" >&2; exit 9\n';
  await writeFile(path.join(bin, 'redis-server'), broken);
  await chmod(path.join(bin, 'redis-server'), 0o755);
  const before = process.env['PATH'];
  process.env['PATH'] = `${bin}:${before}`;
  try {
    await expect(startEmbeddedRedis({ stateDir, clock })).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringContaining('exit code 9'),
      hint: expect.stringContaining('no room for me'),
    });
  } finally {
    process.env['PATH'] = before;
  }
  expect(await readdir(path.join(stateDir, 'redis'))).toContain('appendonlydir');
  expect((await readdir(stateDir)).filter((name) => name.includes('refused'))).toEqual([]);
});
