import { readFileSync } from 'node:fs';
import { mkdir, rename, symlink } from 'node:fs/promises';
import { describe, expect, test, vi } from 'vitest';
import { shareName } from '../../../src/core/ids.ts';
import { type WatchEvent, type WatchOptions, watchShare } from '../../../src/share/watch-share.ts';
import { buildShare } from '../../support/build-share.ts';
import { isAlive } from '../../support/child-pids.ts';
import { shareChildren, until } from '../../support/share-children.ts';

const watchChild = () => until(() => shareChildren('watch-child')[0]);

/** A watched share: what was told so far, and the end of it. */
function listen(root: string, options: Partial<WatchOptions> = {}) {
  const stop = new AbortController();
  const events: WatchEvent[] = [];
  const ended = (async (): Promise<unknown> => {
    const watch = { mode: 'auto', depth: 3, limit: 100, pollMs: 50, signal: stop.signal } as const;
    try {
      for await (const event of watchShare({ name: shareName('lab'), root }, { ...watch, ...options }))
        events.push(event);
      return 'ended';
    } catch (error) {
      return error;
    }
  })();
  const started = () => until(() => events.find((event) => event.kind === 'watching'));
  const told = () => new Set(events.flatMap((event) => (event.kind === 'changed' ? event.dirs : [])));
  return {
    ended,
    told,
    started,
    /** Waits until something was told of each of these directories. */
    tells: (...dirs: string[]) => until(() => dirs.every((dir) => told().has(dir as never))),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}

describe('a watched share', () => {
  test('tells the directories in which something happens, new ones and what is in them too', async () => {
    await using share = await buildShare({ 'SEM1/mueller/run1/a': '1', 'SEM1/schmidt/run1/a': '1' });
    await using watch = listen(share.root);
    const begun = await watch.started();

    await share.put({ 'SEM1/mueller/run1/b': '2' });
    await watch.tells('SEM1/mueller/run1');
    await mkdir(share.path('SEM1/mueller/run2'));
    await watch.tells('SEM1/mueller', 'SEM1/mueller/run2');
    await share.put({ 'SEM1/mueller/run2/c': '3' });

    expect(begun).toEqual({ kind: 'watching', directories: 6, whole: true });
    expect([...watch.told()].toSorted()).toEqual(['SEM1/mueller', 'SEM1/mueller/run1', 'SEM1/mueller/run2']);
  });

  test('tells of a file that is only written to, and of one that is moved', async () => {
    await using share = await buildShare({ 'a/x': '1', 'b/y': '1', 'c/z': '1' });
    await using watch = listen(share.root);
    await watch.started();

    await share.put({ 'a/x': '22' });
    await rename(share.path('b/y'), share.path('c/y'));

    await watch.tells('a', 'b', 'c');
    expect(watch.told().size).toBe(3);
  });

  test('is watched down to its depth only, and links are not followed', async () => {
    await using elsewhere = await buildShare({ 'far/x': '1' });
    await using share = await buildShare({ 'SEM1/mueller/x': '1', 'XRD/x': '1' });
    await symlink(elsewhere.root, share.path('link'));
    await using watch = listen(share.root, { depth: 1 });
    const begun = await watch.started();

    await elsewhere.put({ 'far/y': '2', y: '2' });
    await share.put({ 'SEM1/mueller/y': '2' });
    await share.put({ 'XRD/y': '2' });

    await watch.tells('XRD');
    expect(begun).toMatchObject({ directories: 3, whole: true });
    expect([...watch.told()]).toEqual(['XRD']);
  });

  test('larger than the limit is watched where it changed last, and says that this is not all', async () => {
    const old = Object.fromEntries(
      Array.from({ length: 30 }, (_, n) => [`old${n}`, { dir: true, mtime: 1000 }] as const),
    );
    await using share = await buildShare({ ...old, new: { dir: true } });
    await using watch = listen(share.root, { limit: 10 });
    const begun = await watch.started();

    await share.put({ 'new/x': '1' });

    await watch.tells('new');
    expect(begun).toEqual({ kind: 'watching', directories: 6, whole: false });
  });

  test('that is polled tells of new files, without events', async () => {
    await using share = await buildShare({ 'a/x': '1' });
    await using watch = listen(share.root, { mode: 'polling' });
    await watch.started();

    await share.put({ 'a/y': '2' });

    await watch.tells('a');
    expect([...watch.told()]).toEqual(['a']);
  });

  test('is not polled because a variable of the environment says so', async () => {
    vi.stubEnv('CHOKIDAR_USEPOLLING', '1');
    vi.stubEnv('CHOKIDAR_INTERVAL', '1');
    await using share = await buildShare({ 'a/x': '1' });
    await using watch = listen(share.root);
    await watch.started();

    const environment = readFileSync(`/proc/${await watchChild()}/environ`, 'latin1');

    vi.unstubAllEnvs();
    expect(environment).not.toContain('CHOKIDAR');
  });

  test('whose process dies says so with a code, and is watched no more', async () => {
    await using share = await buildShare({ 'a/x': '1' });
    await using watch = listen(share.root);
    await watch.started();

    process.kill(await watchChild(), 'SIGKILL');

    expect(await watch.ended).toMatchObject({
      code: 'WATCH_ENDED',
      message: expect.stringContaining('SIGKILL'),
    });
  });

  test('whose root goes away says so with a code', async () => {
    await using share = await buildShare({ 'lab/a/x': '1' });
    await using watch = listen(share.path('lab'));
    await watch.started();

    await share.remove('lab');

    expect(await watch.ended).toMatchObject({ code: 'WATCH_ENDED' });
  });

  test('that nobody listens to any more leaves no process, also when it is stuck', async () => {
    await using share = await buildShare({ 'a/x': '1' });
    const watch = listen(share.root);
    await watch.started();
    const pid = await watchChild();
    process.kill(pid, 'SIGSTOP');

    await watch[Symbol.asyncDispose]();

    expect(await watch.ended).toBe('ended');
    await until(() => !isAlive(pid));
  });
});
