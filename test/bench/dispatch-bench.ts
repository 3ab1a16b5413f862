/** From planned to first byte with many batches waiting: real ledger, real Redis, real dispatcher, work that ends at once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { type BatchId, batchId, destinationName, ownerId, shareName } from '../../src/core/ids.ts';
import type { BatchPlan } from '../../src/core/model.ts';
import { sharePath } from '../../src/core/share-path.ts';
import { type Ledger, openLedger } from '../../src/ledger/open-ledger.ts';
import { createBatchQueue } from '../../src/queue/batch-queue.ts';
import { createDispatcher } from '../../src/queue/dispatcher.ts';
import { workBatches } from '../../src/queue/work-batches.ts';
import { startRedis } from '../support/start-redis.ts';

export type DispatchFigures = {
  readonly waiting: number;
  readonly lanes: number;
  readonly msPerBatch: number;
};

const CONCURRENCY = 4;

/** Milliseconds a batch costs beside its delivery, measured over the first `taken` of `waiting` batches. */
export async function dispatchFigures(
  waiting: number,
  taken: number,
  lanes: number,
): Promise<DispatchFigures> {
  const stateDir = await mkdtemp(join(tmpdir(), 'nightjar-bench-'));
  const ledger = openLedger(stateDir);
  try {
    for (let at = 0; at < waiting; at++) planOne(ledger, at, lanes);
    const ms = await deliverSome(ledger, taken);
    return { waiting, lanes, msPerBatch: ms / taken };
  } finally {
    ledger.close();
    await rm(stateDir, { recursive: true, force: true });
  }
}

function planOne(ledger: Ledger, at: number, lanes: number): void {
  const owner = ownerId(`owner${at % lanes}`);
  const plan: BatchPlan = {
    id: batchId(`b-${at.toString(16).padStart(32, '0')}`),
    share: shareName('bench'),
    owner,
    destination: destinationName('sink'),
    dataset: sharePath(`bench/${owner}/run${at}`),
    instrument: 'bench',
    rule: 'bench',
    facts: {},
    addendum: false,
    compress: false,
    files: [],
    bytes: 0,
  };
  ledger.batches.plan(plan, { lane: `sink/${owner}`, at, runNo: 1 });
}

/** Milliseconds until the first `taken` batches were queued, begun and recorded as delivered. */
async function deliverSome(ledger: Ledger, taken: number): Promise<number> {
  const clock = systemClock;
  await using redis = await startRedis();
  const { target } = redis;
  const onError = (thrown: unknown): void => console.error(thrown);
  const done = Promise.withResolvers<number>();
  let delivered = 0;
  let begun = Number.NaN;
  let wake = (): void => undefined;
  await using stack = new AsyncDisposableStack();
  const handle = async (id: BatchId): Promise<void> => {
    const batch = ledger.batches.begin(id, clock.now());
    const receipt = { evidence: 'accepted', how: 'bench', location: 'sink', files: 0, bytes: 0 } as const;
    ledger.batches.deliver(batch, receipt, new Uint8Array(0), clock.now());
    delivered += 1;
    if (delivered === taken) done.resolve(clock.monotonic() - begun);
  };
  const workers = workBatches(
    { target, concurrency: CONCURRENCY, clock, onError, onFinished: () => wake() },
    handle,
  );
  stack.defer(workers.close);
  const queue = createBatchQueue({ target, clock, deadlineMs: 10_000 });
  stack.defer(queue.close);
  await queue.jobs();
  begun = clock.monotonic();
  const dispatcher = createDispatcher({
    ledger: {
      ...ledger.dispatch,
      markQueued: (id) => ledger.batches.markQueued(id, clock.now()),
      backToPlanned: (ids, why) => ledger.batches.backToPlanned(ids, why, clock.now()),
    },
    queue,
    concurrency: () => CONCURRENCY,
    clock,
    onError,
    running: workers.running,
  });
  stack.defer(dispatcher.close);
  wake = dispatcher.wake;
  return await done.promise;
}
