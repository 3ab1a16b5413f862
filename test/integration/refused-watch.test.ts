import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRefusedWatch, type RefusedWatch } from '../../src/app/watch-refused.ts';
import { systemClock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { destinationName, type OwnerId, ownerId } from '../../src/core/ids.ts';
import type { TokenKind } from '../../src/destinations/nomad/token.ts';
import { entry, planOf, tempLedger } from '../support/ledger-fixture.ts';
import { untilTrue } from '../support/until.ts';

const NOMAD = destinationName('nomad');
const REFUSED = new IngestError('TOKEN_REJECTED', 'no', { hint: 'Mend it.', context: { status: 401 } });
const FAILED = new IngestError('TOKEN_REJECTED', 'failed', { hint: 'Wait.', context: { status: 500 } });
const KNOWN_BAD = new IngestError('ACCOUNT_SHARED', 'of two', { hint: 'Enrol another.' });

let temp: Awaited<ReturnType<typeof tempLedger>>;
let stop: AbortController;
let watching: Promise<void>;
let asked: OwnerId[];

beforeEach(async () => {
  temp = await tempLedger();
  stop = new AbortController();
  watching = Promise.resolve();
  asked = [];
});
afterEach(async () => {
  stop.abort();
  await watching;
  await temp[Symbol.asyncDispose]();
});

type Told = {
  readonly limit?: number;
  /** What kind of token an owner has; default: an upload token. */
  readonly kinds?: Readonly<Record<string, TokenKind>>;
  readonly refused?: IngestError;
};

/** The evening's only batch is that of a refused token; what the platform says of the tokens of these others. */
function watch(
  others: Readonly<Record<string, IngestError | undefined>>,
  { limit = 1000, kinds = {}, refused = REFUSED }: Told = {},
): RefusedWatch {
  const { batches, pauses } = temp.ledger;
  const now = systemClock.now();
  const lane = 'nomad/mueller';
  const plan = planOf('SEM1/a', [entry('x')], { owner: ownerId('mueller'), destination: NOMAD });
  batches.plan(plan, { lane, at: now, runNo: 1 });
  batches.markQueued(plan.id, now);
  const { code, message, hint } = REFUSED;
  batches.fail(batches.begin(plan.id, now), { to: 'held', error: { code, message, hint, at: now } });
  pauses.put({ kind: 'lane', name: lane, reason: message, since: now, until: undefined, code });
  const made = createRefusedWatch({
    ...{ ledger: temp.ledger, clock: systemClock, retry: { limit, firstMs: 1, maxMs: 1 } },
    witnesses: () => ['mueller', ...Object.keys(others)].map(ownerId),
    ask: async ({ owner }) => {
      asked.push(owner);
      const error = owner === 'mueller' ? refused : others[owner];
      if (error !== undefined) throw error;
    },
    kindOf: async (owner) => kinds[owner] ?? 'upload',
    stamp: async () => 'the same',
    emit: () => undefined,
    onResumed: () => undefined,
    onError: (thrown) => {
      throw thrown;
    },
  });
  watching = made.run(stop.signal);
  return made;
}

const timesAsked = (): number => asked.filter((owner) => owner === 'mueller').length;

it('nobody waits for a refused token once any other is taken, however many bad ones are asked before it', async () => {
  const { mayHeal } = watch({ a: REFUSED, b: REFUSED, c: REFUSED, d: REFUSED, e: REFUSED, f: undefined });
  expect(mayHeal()).toBe(true);

  await untilTrue(() => !mayHeal() || timesAsked() >= 20, 'it was asked about');

  expect(mayHeal()).toBe(false);
  expect(asked.slice(0, 8)).toEqual(['a', 'b', 'c', 'mueller', 'd', 'e', 'f', 'mueller']);
});

it('a token that is known to be bad without asking the platform takes no place among those that are asked', async () => {
  const { mayHeal } = watch({ a: KNOWN_BAD, b: KNOWN_BAD, c: KNOWN_BAD, d: KNOWN_BAD, e: undefined });

  await untilTrue(() => !mayHeal() || timesAsked() >= 20, 'it was asked about');

  expect(mayHeal()).toBe(false);
  expect(asked.slice(0, 6)).toEqual(['a', 'b', 'c', 'd', 'e', 'mueller']);
});

it('where there is no other token that is taken, it is waited for through all questions, and no longer', async () => {
  const { mayHeal } = watch({ a: REFUSED, b: REFUSED }, { limit: 3 });

  await untilTrue(() => !mayHeal(), 'it was given up');

  expect(timesAsked()).toBeGreaterThan(3);
});

it.each([
  ['an upload token is waited for beside an app token, whose user may be remembered', ['upload', 'app'], {}],
  ['an upload token is waited for beside a personal access token', ['upload', 'pat'], {}],
  ['an app token is waited for beside another app token', ['app', 'app'], {}],
  [
    'an app token is bad beside an upload token, whose user was asked for',
    ['app', 'upload'],
    { isBad: true },
  ],
  ['a personal access token is bad beside another one', ['pat', 'pat'], { isBad: true }],
  ['a personal access token is waited for when the platform failed', ['pat', 'pat'], { refused: FAILED }],
] as const)('a refused token, and one that is taken: %s', async (_, [mueller, a], told) => {
  const { isBad, refused } = { isBad: false, refused: REFUSED, ...told };
  const { mayHeal } = watch({ a: undefined }, { kinds: { mueller, a }, refused });

  await untilTrue(() => timesAsked() >= 3, 'it was asked about');

  expect(mayHeal()).toBe(!isBad);
});
