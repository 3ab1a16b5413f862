import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countStandstills } from '../../../src/app/count-standstills.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { watchStandstill } from '../../../src/core/standstill.ts';
import { startWatchdog } from '../../../src/http/watchdog.ts';
import { testId } from '../../support/dispatch-ledger.ts';

/** A clock on which nobody goes on before the test lets the time pass. */
function handClock() {
  let now = 0;
  let asleep: { readonly until: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms, signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      asleep.push({ until: now + ms, wake: resolve });
      await promise;
    },
  };
  const settled = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
  };
  const pass = async (ms: number): Promise<void> => {
    for (const end = now + ms; now < end; ) {
      now = Math.min(end, ...asleep.map(({ until }) => until));
      const due = asleep.filter(({ until }) => until <= now);
      asleep = asleep.filter(({ until }) => until > now);
      for (const { wake } of due) wake();
      await settled();
    }
  };
  return { clock, pass, settled };
}

/** What is told, in order, with the time of it. */
function told(clock: Clock, afterMs = 10_000) {
  const story: string[] = [];
  const standstill = {
    afterMs,
    begin: () => {
      story.push(`stands at ${clock.monotonic()}`);
      return () => void story.push(`moves at ${clock.monotonic()}`);
    },
  };
  return { story, standstill };
}

describe('a standstill', () => {
  it('is told after the whole time without a byte, once, and its end when a byte comes', async () => {
    const { clock, pass } = handClock();
    const { story, standstill } = told(clock);
    let last = 0;
    watchStandstill({ clock, standstill, since: () => last }, new AbortController().signal);

    await pass(6000);
    last = clock.monotonic();
    await pass(9999);
    expect(story).toEqual([]);
    await pass(5000);
    expect(story).toEqual(['stands at 16000']);
    last = clock.monotonic();
    await pass(1000);

    expect(story).toEqual(['stands at 16000', 'moves at 21000']);
  });

  it('ends with the request, and none is told while nothing is waited for', async () => {
    const { clock, pass, settled } = handClock();
    const { story, standstill } = told(clock);
    let since: number | undefined;
    const ended = new AbortController();
    watchStandstill({ clock, standstill, since: () => since }, ended.signal);

    await pass(60_000);
    expect(story).toEqual([]);
    since = clock.monotonic();
    await pass(30_000);
    ended.abort();
    await settled();

    expect(story).toEqual(['stands at 70000', 'moves at 90000']);
  });

  it('is told by the watchdog of a request for silence of the other side, not for a source that gives nothing', async () => {
    const { clock, pass } = handClock();
    const { story, standstill } = told(clock);
    const bounds = { clock, stallMs: 120_000, answerMs: 600_000, standstill };
    const { progress } = startWatchdog(bounds, 'PUT somewhere', new AbortController().signal);
    progress.waitingFor = 'source';

    await pass(60_000);
    expect(story).toEqual([]);
    progress.waitingFor = 'destination';
    progress.moved();
    await pass(10_000);

    expect(story).toEqual(['stands at 70000']);
  });

  it('of a delivery begins with the first thing that stands still and ends with the last, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), fc.nat(3)), { maxLength: 40 }), (moves) => {
        const state = new Map<string, boolean>();
        const standstill = countStandstills({
          tell: (id, isStill) => {
            expect(state.get(id) ?? false).toBe(!isStill);
            state.set(id, isStill);
          },
        });
        const open = new Map<string, () => void>();
        for (const [batch, what] of moves) {
          const [id, key] = [testId(batch), `${batch}/${what}`];
          const end = open.get(key);
          if (end === undefined) open.set(key, standstill(id).begin());
          else open.delete(key);
          end?.();
          const isAny = [...open.keys()].some((one) => one.startsWith(`${batch}/`));
          expect(state.get(id) ?? false).toBe(isAny);
        }
      }),
    );
  });
});
