import { utimes } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createWatching } from '../../src/app/watch-shares.ts';
import type { ShareConfig } from '../../src/config/config.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { destinationName, ownerId } from '../../src/core/ids.ts';
import type { Assign } from '../../src/core/model.ts';
import { parentOf, type SharePath } from '../../src/core/share-path.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { lookEarly } from '../../src/nightly/look-early.ts';
import type { NightlyEvent } from '../../src/nightly/parts.ts';
import { runNightly } from '../../src/nightly/run-nightly.ts';
import { buildShare, MARKER } from '../support/build-share.ts';
import { SHARE, tempLedger } from '../support/ledger-fixture.ts';
import { noComparing } from '../support/no-comparing.ts';
import { untilTrue } from '../support/until.ts';

const SETTLE_MS = 20 * 60_000;
const signal = new AbortController().signal;

/** A clock that runs like any other, and jumps over long waits. */
class DayClock implements Clock {
  #ahead = 0;
  readonly now = (): number => systemClock.now() + this.#ahead;
  readonly monotonic = (): number => systemClock.monotonic() + this.#ahead;
  readonly sleep = async (ms: number, stop?: AbortSignal): Promise<void> => {
    if (ms < SETTLE_MS / 2) return systemClock.sleep(ms, stop);
    this.pass(ms);
  };
  pass(ms: number): void {
    this.#ahead += ms;
  }
}

const assign: Assign = (_share, path) => ({
  kind: 'owned',
  owner: ownerId('mueller'),
  dataset: parentOf(path),
  instrument: 'SEM1',
  rule: 'rule 1',
  facts: {},
  settleMs: SETTLE_MS,
  destination: destinationName('archive'),
  compress: false,
});

function shareAt(root: string, mode: 'auto' | 'off'): ShareConfig {
  return {
    ...{ name: SHARE, root, marker: MARKER, scanThreads: 1, stallMs: 30_000 },
    watch: { mode, depth: 3, limit: 100, pauseMs: 1 },
    alarm: { enabled: false, evenings: 5, factor: 2, minFiles: 1000, minBytes: 1 },
  };
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** An evening at this share: what it reports, the batches it makes, and whether it had to wait for them to settle. */
async function evening(ledger: Ledger, share: ShareConfig, clock: Clock) {
  const events: NightlyEvent[] = [];
  const report = await runNightly(
    {
      ...{ ledger, clock, assign, shares: [share] },
      ...noComparing,
      limitsOf: () => ({ maxBytes: 1e12, maxFiles: 1e6 }),
      laneOf: () => 'archive/mueller',
      ...{ mappingKey: () => 'm', hasOwners: () => true },
      wake: () => undefined,
      delivered: () => Promise.resolve(),
      emit: (event) => events.push(event),
      maxWaitMs: SETTLE_MS,
      stallMs: 30_000,
    },
    undefined,
    signal,
  );
  const { outcome, seen, buckets, owners, instruments } = report;
  return {
    outcome: { outcome, seen, buckets, owners, instruments },
    batches: new Set([...ledger.list()].map(({ id }) => id)),
    waited: events.some(({ name }) => name === 'run.waiting'),
  };
}

type Day = {
  readonly ledger: Ledger;
  readonly root: string;
  readonly clock: DayClock;
  readonly write: () => Promise<void>;
};

/** The day before the evening, with an ear on the share: every event comes and has its early look. */
async function eventsOn({ ledger, root, clock, write }: Day): Promise<void> {
  const stop = new AbortController();
  const share = shareAt(root, 'auto');
  const watching = createWatching({
    ledger,
    clock,
    log: silent,
    holder: 'test',
    config: { shares: [share] },
  });
  const done = watching(stop.signal);
  await untilTrue(() => ledger.watches.of('test')[0]?.state === 'watching', 'the share is watched');
  await write();
  await untilTrue(() => ledger.earlyLooks.count(SHARE) === 2, 'two directories have their early look');
  stop.abort();
  await done;
}

/** Events for what did not happen and what is not there, and none for what did happen. */
async function eventsLie({ ledger, root, clock, write }: Day): Promise<void> {
  const lies = ['', 'SEM1', 'SEM1/gone', 'SEM1/run0', `SEM1/run0/${MARKER}`, 'SEM1/run1/a'];
  const look = () =>
    lookEarly({ ledger, clock, stallMs: 30_000 }, shareAt(root, 'off'), {
      ...{ dirs: lies as SharePath[], signal },
    });
  await look();
  await write();
}

async function eventsOff({ write }: Day): Promise<void> {
  await write();
}

/** The same day and evening, once: first an old evening, so that some files are known, then what the instrument writes. */
async function liveThrough(hear: (day: Day) => Promise<void>) {
  await using share = await buildShare({ 'SEM1/run0/old': '1', 'SEM1/run0/rewritten': '1' });
  await using temp = await tempLedger();
  const clock = new DayClock();
  const at = new Date(Date.UTC(2026, 10, 22, 12));
  const dated = (...paths: string[]) => Promise.all(paths.map((path) => utimes(share.path(path), at, at)));
  await dated('SEM1/run0/old', 'SEM1/run0/rewritten', MARKER);
  await evening(temp.ledger, shareAt(share.root, 'off'), clock);
  await hear({
    ...{ ledger: temp.ledger, root: share.root, clock },
    write: async () => {
      await share.put({ 'SEM1/run1/a': 'aa', 'SEM1/run1/b': 'b', 'SEM1/run0/rewritten': '22' });
      await dated('SEM1/run1/a', 'SEM1/run1/b');
      await utimes(share.path('SEM1/run0/rewritten'), at, new Date(at.getTime() + 60_000));
    },
  });
  clock.pass(2 * SETTLE_MS);
  return await evening(temp.ledger, shareAt(share.root, 'off'), clock);
}

describe('the same evening with events on, off and lying', () => {
  it('comes to the same: only with events nobody has to wait until the files have settled', async () => {
    const on = await liveThrough(eventsOn);
    const off = await liveThrough(eventsOff);
    const lying = await liveThrough(eventsLie);

    expect(off.outcome.seen.files).toBe(5);
    expect(off.batches.size).toBe(4);
    expect([on.outcome, on.batches]).toEqual([off.outcome, off.batches]);
    expect([lying.outcome, lying.batches]).toEqual([off.outcome, off.batches]);
    expect([on.waited, off.waited, lying.waited]).toEqual([false, true, true]);
  });
});
