import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchTokens } from '../../src/app/watch-tokens.ts';
import type { Clock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { untilTrue } from '../support/until.ts';

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 10, 22, 12);

type Said = { readonly msg: string; readonly [field: string]: unknown };

/** A clock that stands still until it is moved; who sleeps on it wakes then. */
class WaitingClock implements Clock {
  #now: number;
  readonly #wake = new Set<() => void>();

  constructor(now: number) {
    this.#now = now;
  }

  #ahead = 0;

  readonly now = (): number => this.#now + this.#ahead;
  readonly monotonic = (): number => this.#now;
  readonly sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    const until = this.#now + ms;
    while (this.#now < until) {
      if (signal?.aborted === true) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake.add(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    }
  };

  /** As a person or a time server sets it: nothing has passed, and who sleeps sleeps on. */
  jump(ms: number): void {
    this.#ahead += ms;
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const wake of this.#wake) wake();
    this.#wake.clear();
  }
}

describe('the watch over the tokens', () => {
  let clock: WaitingClock;
  let stop: AbortController;
  let said: Said[];
  let refusing: Set<string>;
  let asked: string[];
  let endsAt: number | undefined;

  beforeEach(() => {
    clock = new WaitingClock(NOON);
    stop = new AbortController();
    said = [];
    refusing = new Set();
    asked = [];
    endsAt = undefined;
  });
  afterEach(() => stop.abort());

  function start(): Promise<void> {
    const log = (fields: object, msg: string): void => void said.push({ msg, ...fields });
    const owners = ['mueller', 'schmidt'].map((id) => ({
      id,
      aliases: [],
      tokens: { nomad: { token: id } },
    }));
    const parts = {
      config: {
        destinations: [{ kind: 'nomad', name: 'nomad' }],
        mapping: {
          owners,
          collector: { tokens: {} },
          rules: owners.map(({ id }) => ({ match: id, owner: id })),
          defaultDestination: 'nomad',
        },
        schedule: { evening: '20:00', timezone: 'UTC', checkTokensMs: 4 * 3_600_000 },
      },
      ledger: {
        credentials: { find: (name: string) => (name === 'mueller' ? { expiresAt: endsAt } : undefined) },
      },
      destination: () => ({
        check: ({ token }: { token: string }) => {
          asked.push(token);
          if (!refusing.has(token)) return Promise.resolve('taken');
          return Promise.reject(new IngestError('TOKEN_REJECTED', 'refused', { hint: 'none' }));
        },
      }),
      token: ({ owner }: { owner: string }) => Promise.resolve(owner),
      log: { info: log, warn: log, error: log },
      clock,
      signal: stop.signal,
    };
    return watchTokens(parts as unknown as Parameters<typeof watchTokens>[0]);
  }

  const count = (msg: string): number => said.filter((one) => one.msg === msg).length;
  /** Lets time pass in steps, until the claim holds. */
  const passUntil = async (claim: () => boolean, what: string, stepMs = 300_000): Promise<void> => {
    await untilTrue(() => {
      clock.advance(stepMs);
      return claim();
    }, what);
  };

  it('asks about a refused token again by day, and about no other, until it is taken', async () => {
    refusing.add('schmidt');
    const ended = start();
    await untilTrue(() => count('tokens.checked') === 1, 'the first check');
    asked.length = 0;

    await passUntil(() => asked.length === 2, 'it is asked about twice more');
    const again = [...asked];
    refusing.clear();
    await passUntil(() => count('token.taken') === 1, 'it is taken');
    stop.abort();
    await ended;

    expect(again).toEqual(['schmidt', 'schmidt']);
    expect(said.filter(({ msg }) => msg === 'token.taken')).toMatchObject([{ owner: 'schmidt' }]);
    expect(count('token.refused')).toBe(1);
    expect(clock.now() - NOON).toBeLessThan(4 * 3_600_000);
  });

  it('speaks of an end once for each of 30, 14, 7, 3 and 1 days, also where no check falls on that day', async () => {
    endsAt = NOON + 40 * DAY;
    const ended = start();
    await untilTrue(() => count('tokens.checked') === 1, 'the first check');
    const days: unknown[] = [];

    for (const left of [29, 28, 14, 13, 6, 5, 3, 1, 0]) {
      endsAt = clock.now() + left * DAY + 60_000;
      const before = count('tokens.checked');
      await passUntil(() => count('tokens.checked') > before, `the check ${left} days before`, 3_600_000);
      const spoken = said.filter(({ msg }) => msg === 'token.ends').length;
      days.push(spoken);
    }
    stop.abort();
    await ended;

    // At 29 (for 30), 14, 6 (for 7), 3, 1 and when it is over; not at 28, 13 and 5.
    expect(days).toEqual([1, 1, 2, 2, 3, 3, 4, 5, 6]);
  });

  it('goes on to ask and to speak of an end when the clock was ahead for a while, and says nothing twice of a night', async () => {
    endsAt = NOON + 29 * DAY;
    const ended = start();
    await untilTrue(() => count('tokens.checked') === 1, 'the first check');
    const ends = (): unknown[] => said.filter(({ msg }) => msg === 'token.ends').map(({ days }) => days);

    clock.jump(25 * DAY);
    await passUntil(() => count('tokens.checked') === 2, 'the check by the clock that is ahead');
    clock.jump(-25 * DAY);
    const back = clock.now();
    await passUntil(
      () => count('tokens.checked') === 3,
      'the check of the next evening, by the right time',
      600_000,
    );
    const backAfter = clock.now() - back;
    for (const hours of [-3, 3]) {
      clock.jump(hours * 3_600_000);
      const until = clock.now() + 2 * 3_600_000;
      await passUntil(() => clock.now() >= until, 'two hours');
    }
    stop.abort();
    await ended;

    expect(backAfter).toBeLessThan(2 * DAY);
    expect(ends()).toEqual([29, 4, 29]);
  });
});
