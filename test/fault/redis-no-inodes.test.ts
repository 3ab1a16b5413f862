import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { systemClock as clock } from '../../src/core/clock.ts';
import { startEmbeddedRedis } from '../../src/queue/embedded-redis.ts';

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.log('left out: mounting a small file system needs root');

/** A directory with few inodes; `fill` takes those that are left and answers how to give them back. */
function fewInodes(): Disposable & { readonly dir: string; readonly fill: () => () => void } {
  const dir = mkdtempSync(path.join(tmpdir(), 'nj-ino-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,nr_inodes=100,mode=0700', 'tmpfs', dir]);
  const fillers = path.join(dir, 'fillers');
  return {
    dir,
    fill: () => {
      mkdirSync(fillers);
      for (let left = statfsSync(dir).ffree; left > 0; left--)
        writeFileSync(path.join(fillers, `${left}`), '');
      return () => rmSync(fillers, { recursive: true });
    },
    [Symbol.dispose]: () => {
      execFileSync('umount', ['--lazy', dir]);
      rmdirSync(dir);
    },
  };
}

test.skipIf(!isRoot)(
  'without inodes it takes jobs although its log cannot be written anew; it does not start, says DISK_FULL and keeps what it has',
  async () => {
    using disk = fewInodes();
    let free: () => void;
    {
      await using server = await startEmbeddedRedis({ stateDir: disk.dir, clock });
      const redis = new Redis({ path: server.socketPath });
      redis.on('error', () => undefined);
      await redis.set('before', '1');
      free = disk.fill();

      await expect(redis.bgrewriteaof()).rejects.toThrow(/AOF/);
      await redis.set('after', '1');
      redis.disconnect();
    }
    // The name of its socket is free again: take that, too.
    free();
    free = disk.fill();

    const refused = await startEmbeddedRedis({ stateDir: disk.dir, clock }).then(
      () => undefined,
      (error: unknown) => error,
    );
    const left = readdirSync(disk.dir);
    free();
    await using again = await startEmbeddedRedis({ stateDir: disk.dir, clock });
    const redis = new Redis({ path: again.socketPath });

    expect(refused).toMatchObject({ code: 'DISK_FULL' });
    expect(left).toEqual(['fillers', 'redis']);
    expect(again.recovered).toBeUndefined();
    expect(await redis.mget('before', 'after')).toEqual(['1', '1']);
    redis.disconnect();
  },
);
