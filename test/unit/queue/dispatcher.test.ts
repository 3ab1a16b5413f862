import { expect, test } from 'vitest';
import type { BatchId } from '../../../src/core/ids.ts';
import { createDispatcher } from '../../../src/queue/dispatcher.ts';
import { MemoryLedger } from '../../support/dispatch-ledger.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const START = 1_000_000;

test.each([1, 40, 5000])(
  'a batch that becomes due %d ms later, just after the look for what is due, is queued then and not at the next sweep',
  async (dueInMs) => {
    const clock = new FakeClock(START);
    const ledger = new MemoryLedger();
    const id = ledger.plan(1, 'lane');
    const due = START + dueInMs;
    const batch = ledger.batches.get(id);
    if (batch !== undefined) batch.notBefore = due;
    // A look takes time, and a timer may end a moment early: the due time passes while the ledger is asked.
    const heads = ledger.heads.bind(ledger);
    ledger.heads = (now) => {
      const found = heads(now);
      clock.advance(1);
      return found;
    };
    const enqueued = Promise.withResolvers<BatchId>();
    const dispatcher = createDispatcher({
      ledger,
      queue: {
        enqueue: async (one) => enqueued.resolve(one),
        jobs: async () => new Map(),
        remove: async () => true,
        locks: async () => new Map(),
        unlock: async () => true,
      },
      concurrency: () => 4,
      // Ends a millisecond early, as a real timer may.
      clock: {
        now: clock.now,
        monotonic: clock.monotonic,
        sleep: async (ms) => await clock.sleep(Math.max(1, ms - 1)),
      },
      onError: (error) => enqueued.reject(error),
    });

    expect(await enqueued.promise).toBe(id);
    const at = clock.now();
    await dispatcher.close();

    expect(at - due).toBeLessThan(10);
  },
);
