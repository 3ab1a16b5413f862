import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { endOverdue } from '../../../src/cli/end-overdue.ts';
import type { Clock } from '../../../src/core/clock.ts';

const UNIT = readFileSync(new URL('../../../systemd/nightjar.service', import.meta.url), 'utf8');

/** A clock whose sleeps end when the test says so. */
function heldClock(): { readonly clock: Clock; readonly asked: number[]; readonly pass: () => void } {
  const asked: number[] = [];
  const gate = Promise.withResolvers<void>();
  const sleep: Clock['sleep'] = (ms, signal) => {
    asked.push(ms);
    const aborted = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => aborted.reject(signal.reason));
    return Promise.race([gate.promise, aborted.promise]);
  };
  return { clock: { now: () => 0, monotonic: () => 0, sleep }, asked, pass: gate.resolve };
}

describe('a process that was told to stop', () => {
  it('ends itself well before systemd would, when its orderly end takes too long', async () => {
    const { clock, asked, pass } = heldClock();
    const stop = new AbortController();
    let ended = 0;
    endOverdue(stop.signal, clock, () => (ended += 1));
    expect(asked).toEqual([]);

    stop.abort();
    await setImmediate();
    expect(ended).toBe(0);
    pass();
    await setImmediate();

    expect(ended).toBe(1);
    const [ms = 0] = asked;
    const timeoutMs = Number(/^TimeoutStopSec=(\d+)$/m.exec(UNIT)?.[1]) * 1000;
    expect(timeoutMs - ms).toBeGreaterThanOrEqual(10_000);
    // Deliveries get 20 s, and what they leave behind has deadlines of its own.
    expect(ms).toBeGreaterThanOrEqual(60_000);
  });

  it('is left alone once it has ended in order', async () => {
    const { clock, pass } = heldClock();
    const stop = new AbortController();
    let ended = 0;
    const overdue = endOverdue(stop.signal, clock, () => (ended += 1));
    stop.abort();

    overdue[Symbol.dispose]();
    pass();
    await setImmediate();

    expect(ended).toBe(0);
  });
});
