import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startDeliveries } from '../../src/app/deliveries.ts';
import { openWorkspace, type Workspace } from '../../src/app/workspace.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import { createHttpClient } from '../../src/http/http-client.ts';
import type { BatchHead } from '../../src/ledger/batch-row.ts';
import { takeInstanceLock } from '../../src/ledger/instance-lock.ts';
import { createBatchQueue } from '../../src/queue/batch-queue.ts';
import { createDispatcher } from '../../src/queue/dispatcher.ts';
import { findBreaches } from '../support/check-truth.ts';
import { canDamage, ledgerBytes } from '../support/damage-ledger.ts';
import { engineEvening } from '../support/engine-evening.ts';
import { isFrozen } from '../support/frozen.ts';
import { startRedis } from '../support/start-redis.ts';
import { stopTwice } from '../support/stop-twice.ts';
import { STEP_COMMITS, type StruckLab, struckLab } from '../support/struck-evening.ts';
import { untilPasses, untilTrue } from '../support/until.ts';

const WORKER = fileURLToPath(new URL('../support/deliver-as-worker.ts', import.meta.url));

/** What runs evenings, without deliveries of its own: one batch is planned and waits for a worker. */
type Dispatching = AsyncDisposable & {
  readonly worker: (
    ...strikes: Parameters<StruckLab['startScript']>[0]
  ) => ReturnType<StruckLab['startScript']>;
  /** Starts to deliver here. */
  readonly deliver: () => void;
  /** Forgets all that is queued. */
  readonly wipe: () => Promise<void>;
  readonly socketPath: string;
  /** What Redis does by itself to the locks of workers that are gone or stand still, when their time is over. */
  readonly forgetLocks: () => Promise<void>;
  /** Whether a worker holds the batch in the queue. */
  readonly isLocked: () => Promise<boolean>;
  readonly head: () => BatchHead;
  readonly historyOf: () => readonly string[];
};

async function dispatching(struck: StruckLab): Promise<Dispatching> {
  await using stack = new AsyncDisposableStack();
  await struck.addDataset('gold');
  await struck.struck({ at: STEP_COMMITS.plan, when: 'after', signal: 'SIGKILL' });
  const file = join(struck.lab.root, 'nightjar.yaml');
  const redis = stack.use(await startRedis());
  const http = createHttpClient({ userAgent: 'nightjar-test', clock });
  stack.defer(http.close);
  const workspace = stack.use(
    openWorkspace(loadConfig({ env: {}, home: '/nonexistent', file }), { clock, http }),
  );
  const queue = createBatchQueue({ target: redis.target, clock, deadlineMs: 5000 });
  stack.defer(queue.close);
  const { ledger } = workspace;
  const dispatcher = createDispatcher({
    ...{ ledger: dispatchLedger(workspace), queue, clock, sweepMs: 100 },
    concurrency: () => 1,
    onError: () => undefined,
  });
  stack.defer(dispatcher.close);
  const [{ id } = { id: undefined }] = ledger.list();
  if (id === undefined) throw new Error('nothing was planned');
  const owned = stack.move();
  return {
    worker: (...strikes) => struck.startScript(strikes, WORKER, file, redis.target.socketPath),
    deliver: () => {
      const where = { target: redis.target, trouble: () => undefined };
      owned.use(startDeliveries(workspace, { clock, env: {}, emit: () => undefined }, where));
    },
    wipe: redis.wipe,
    socketPath: redis.target.socketPath,
    forgetLocks: async () => {
      for (const [batch, lock] of await queue.locks([id])) await queue.unlock(batch, lock);
    },
    isLocked: async () => (await queue.locks([id])).has(id),
    head: () => ledger.batches.head(id),
    historyOf: () => ledger.history(id).map(({ detail }) => detail),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function dispatchLedger({
  ledger: { dispatch, batches },
}: Workspace): Parameters<typeof createDispatcher>[0]['ledger'] {
  return {
    ...{ heads: dispatch.heads, inFlight: dispatch.inFlight, nextDueAt: dispatch.nextDueAt },
    isHeldElsewhere: dispatch.isHeldElsewhere,
    markQueued: (id) => batches.markQueued(id, clock.now()),
    backToPlanned: (ids, why) => batches.backToPlanned(ids, why, clock.now()),
  };
}

const breachesOf = async ({ nomad, lab }: StruckLab): Promise<string[]> =>
  await findBreaches({
    ...{ nomad, share: lab.share, stateDir: join(lab.root, 'state') },
    accounts: { mueller: 'alice' },
  });

/** A worker of its own sends the batch, and the platform works on it until it is released. */
async function sendByWorker({ nomad }: StruckLab, main: Dispatching): Promise<void> {
  nomad.worker.hold('running');
  main.worker();
  await untilTrue(() => nomad.requests.some(({ method }) => method === 'PUT'), 'the sending');
}

/** The test stands where a process that runs evenings would: `nightjar worker` finds its queue and helps. */
async function standIn(
  { lab }: StruckLab,
  { socketPath }: Dispatching,
): Promise<ReturnType<typeof takeInstanceLock>> {
  const stateDir = join(lab.root, 'state');
  // The Redis of the killed run ends a little later, and takes away whatever has the name of its socket.
  await untilTrue(() => !existsSync(join(stateDir, 'redis/redis.sock')), 'the end of the Redis of the run');
  rmSync(join(stateDir, 'redis'), { recursive: true, force: true });
  mkdirSync(join(stateDir, 'redis'));
  symlinkSync(socketPath, join(stateDir, 'redis/redis.sock'));
  return takeInstanceLock(stateDir, 'the test');
}

it('a batch whose workers are killed in open, send, close and record is sent once and delivered by the next, as its first attempt', async () => {
  await using struck = await struckLab('v1.3');
  await using main = await dispatching(struck);
  const ends: unknown[] = [];
  for (const [step, when] of [
    ['open', 'before'],
    ['send', 'after'],
    ['close', 'after'],
    ['record', 'before'],
  ] as const) {
    const worker = main.worker({ at: STEP_COMMITS[step], when, signal: 'SIGKILL' });
    ends.push((await once(worker, 'exit'))[1]);
    await main.forgetLocks();
  }

  main.deliver();
  await untilTrue(() => main.head().state === 'confirmed', 'the delivery by another process');

  expect(ends).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL', 'SIGKILL']);
  expect(await breachesOf(struck)).toEqual([]);
  expect(struck.sent()).toHaveLength(1);
  expect(main.head()).toMatchObject({ attempts: 1, epoch: 5 });
  expect(main.historyOf().filter((detail) => detail.includes('in a row'))).toEqual(
    [1, 2, 3, 4].map((count) => `its job is gone from the queue; its process is gone, ${count} in a row`),
  );
});

it('a worker frozen in close for longer than its lock is told so when it wakes, and its result is refused', async () => {
  await using struck = await struckLab('v1.4');
  await using main = await dispatching(struck);
  const worker = main.worker({ at: STEP_COMMITS.close, when: 'after', signal: 'SIGSTOP' });
  let said = '';
  worker.stdout?.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  await untilTrue(() => isFrozen(worker.pid ?? 0), 'frozen in close');
  await main.forgetLocks();
  main.deliver();
  await untilTrue(() => main.head().state === 'confirmed', 'the delivery by another process');
  const delivered = main.head();

  worker.kill('SIGCONT');
  await untilTrue(() => said.includes('delivery.failed LEASE_LOST'), 'the end of the older attempt');

  expect(delivered).toMatchObject({ attempts: 1, epoch: 2 });
  expect(main.head()).toEqual(delivered);
  expect(main.historyOf().filter((detail) => detail.includes('in a row'))).toEqual([]);
  expect(await breachesOf(struck)).toEqual([]);
});

it('a batch that a worker process delivers when Redis is wiped is not handed to another one', async () => {
  await using struck = await struckLab('v1.3');
  await using main = await dispatching(struck);
  await sendByWorker(struck, main);

  await main.wipe();
  main.deliver();
  await untilPasses(async () => expect(await main.isLocked()).toBe(true));
  struck.nomad.worker.release();
  await untilTrue(() => main.head().state === 'confirmed', 'the delivery by the worker');

  expect(main.head()).toMatchObject({ attempts: 1, epoch: 1 });
  expect(main.historyOf().filter((detail) => detail.includes('gone'))).toEqual([]);
  expect(await breachesOf(struck)).toEqual([]);
});

it('a batch that a worker process still delivers is not handed out by the next process that runs evenings', async () => {
  await using struck = await struckLab('v1.3');
  await using main = await dispatching(struck);
  await sendByWorker(struck, main);
  const file = join(struck.lab.root, 'nightjar.yaml');

  // It has a Redis of its own, which knows nothing of the worker.
  const report = await engineEvening(file, clock, ({ name }) => {
    if (name === 'share.looking') struck.nomad.worker.release();
  });

  expect(report).toMatchObject({ outcome: 'done', balanced: true });
  expect(main.head()).toMatchObject({ state: 'confirmed', attempts: 1, epoch: 1 });
  expect(await breachesOf(struck)).toEqual([]);
});

it('a worker whose event loop is blocked before it sends, for longer than its lock, is told so, and nothing is there twice', async () => {
  await using struck = await struckLab('v1.4');
  await using main = await dispatching(struck);
  const worker = main.worker({ at: STEP_COMMITS.send, when: 'after', signal: 'block' });
  let said = '';
  worker.stdout?.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  await untilTrue(() => existsSync(`${struck.commits}.blocked`), 'blocked before it sends');
  await main.forgetLocks();
  main.deliver();
  await untilTrue(() => main.head().state === 'confirmed', 'the delivery by another process');
  const delivered = main.head();

  writeFileSync(`${struck.commits}.go`, '');
  await untilTrue(() => said.includes('delivery.failed LEASE_LOST'), 'the end of the older attempt');

  expect(delivered).toMatchObject({ attempts: 1, epoch: 2 });
  expect(main.head()).toEqual(delivered);
  expect(await breachesOf(struck)).toEqual([]);
});

it('a second SIGTERM ends a `nightjar worker` at once whose delivery hangs, and the next worker delivers the batch', async () => {
  await using struck = await struckLab('v1.3');
  await using main = await dispatching(struck);
  const lock = await standIn(struck, main);
  struck.nomad.fault = ({ method }) => (method === 'PUT' ? { kind: 'stall' } : undefined);

  const end = await stopTwice(struck.start([], 'worker'), struck.nomad, 'worker.stopping');
  lock.release();
  struck.nomad.fault = undefined;
  await main.forgetLocks();
  main.deliver();
  await untilTrue(() => main.head().state === 'confirmed', 'the delivery by the next one');

  expect(end).toBe('SIGKILL');
  expect(await breachesOf(struck)).toEqual([]);
});

it('a `nightjar worker` that meets a damaged ledger before it sends ends with LEDGER_CORRUPT, and sends and writes nothing more', async () => {
  await using struck = await struckLab('v1.3');
  await using main = await dispatching(struck);
  const stateDir = join(struck.lab.root, 'state');
  const lock = await standIn(struck, main);
  const worker = struck.start([{ at: STEP_COMMITS.open, when: 'after', signal: 'SIGSTOP' }], 'worker');
  worker.stdout?.resume();
  const said = text(worker.stderr ?? Readable.from([]));
  const exited = once(worker, 'exit');
  await untilTrue(() => isFrozen(worker.pid ?? 0), 'frozen before it sends');

  await untilTrue(() => canDamage(stateDir), 'nobody writes to the ledger');
  const damaged = ledgerBytes(stateDir);
  worker.kill('SIGCONT');

  expect(await exited).toEqual([78, null]);
  expect(await said).toContain('LEDGER_CORRUPT');
  expect(struck.sent()).toEqual([]);
  expect(ledgerBytes(stateDir)).toBe(damaged);
  lock.release();
});
