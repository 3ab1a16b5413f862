import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  createWorkPool,
  donateItems,
  takeItems,
  type WorkItem,
  type WorkPool,
} from '../../../src/share/work-pool.ts';
import { until } from '../../support/share-children.ts';

/** A real thread that has run dry: posts what it is given, then runs dry again, until the walk is over. */
function startIdleThread(pool: WorkPool, thread: number): Worker {
  const module = new URL('../../../src/share/work-pool.ts', import.meta.url).href;
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then(({ takeItems }) => {
      const { pool, thread } = workerData;
      for (let items = takeItems(pool, thread); items !== undefined; items = takeItems(pool, thread)) {
        parentPort.postMessage(items);
      }
      parentPort.postMessage('over');
    });`;
  return new Worker(source, { eval: true, workerData: { pool, thread } });
}

const isIdle = (pool: WorkPool): boolean => Atomics.load(pool.states, 0) < pool.threads;

describe('the work pool', () => {
  test('gives the older half to a thread that waits, names and bytes unchanged, and ends when all wait', async () => {
    const pool = createWorkPool(2);
    const other = startIdleThread(pool, 1);
    const items: WorkItem[] = [
      { dir: 'a\xff', names: ['x', '\xfe\n', ' '] },
      { dir: 'b/c', names: [] },
      { dir: 'd', names: undefined },
      { dir: 'e', names: ['y'] },
    ];
    const [kept, given] = [items.slice(2), items.slice(0, 2)];
    await until(() => isIdle(pool));

    const received = once(other, 'message');
    expect(donateItems(pool, 0, items)).toBe(true);

    expect(items).toEqual(kept);
    expect(await received).toEqual([given]);
    await until(() => isIdle(pool));
    const over = once(other, 'message');
    expect(takeItems(pool, 0)).toBeUndefined();
    expect(await over).toEqual(['over']);
  });

  test('gives no more than fits, and a directory of very many names without them', async () => {
    const pool = createWorkPool(2);
    const other = startIdleThread(pool, 1);
    const names = Array.from({ length: 10_000 }, (_, n) => `${'n'.repeat(200)}${n}`);
    const items: WorkItem[] = ['a', 'b', 'c', 'd'].map((dir) => ({ dir, names }));
    await until(() => isIdle(pool));

    const received = once(other, 'message');
    donateItems(pool, 0, items);

    expect(items.map(({ dir }) => dir)).toEqual(['b', 'c', 'd']);
    expect(await received).toEqual([[{ dir: 'a', names: undefined }]]);
    await until(() => isIdle(pool));
    const over = once(other, 'message');
    expect(takeItems(pool, 0)).toBeUndefined();
    expect(await over).toEqual(['over']);
  });

  test('keeps its items when every thread is busy or there is but one item', () => {
    const pool = createWorkPool(2);
    const items: WorkItem[] = [
      { dir: 'a', names: [] },
      { dir: 'b', names: [] },
    ];

    expect(donateItems(pool, 0, items)).toBe(false);
    expect(items).toHaveLength(2);
  });
});
