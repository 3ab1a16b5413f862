import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { BatchId } from '../../src/core/ids.ts';
import { deliverIntoNomad, type NomadDeliverer } from '../support/deliver-into-nomad.ts';
import { type Direction, type FaultProxy, type Strike, startFaultProxy } from '../support/fault-proxy.ts';
import { API } from '../support/nomad/router.ts';
import type { Generation } from '../support/nomad-server.ts';
import { untilTrue } from '../support/until.ts';

/** How many conversations are struck in each test; more on demand: docs/testing.md. */
const ASKED = process.env['NIGHTJAR_CUTS'];
/** The same ones every time, unless more are asked for. */
const RUNS = ASKED === undefined ? { numRuns: 6, seed: 7 } : { numRuns: Number(ASKED) };

/** A parcel, a file sent as it is, and a parcel that is read back. */
type Way = 'parcel' | 'raw' | 'reading';
const FILES: Readonly<Record<Way, Readonly<Record<string, string>>>> = {
  parcel: { 'a.tif': 'first', 'b.tif': 'second' },
  raw: { 'a.tif': 'the only one' },
  reading: { 'a.tif': 'first', 'b.tif': 'second' },
};

type World = AsyncDisposable & {
  readonly lab: NomadDeliverer;
  readonly proxy: FaultProxy;
  readonly id: BatchId;
  readonly way: Way;
};

/** One small batch, planned, and a fresh platform behind the proxy. */
async function world(generation: Generation, way: Way): Promise<World> {
  const proxy = await startFaultProxy();
  const lab = await deliverIntoNomad(
    generation,
    { base_url: `${proxy.origin}${API}` },
    // What was struck is waited for half a second, and a machine that is busy for as long as it takes.
    { stallMs: 500, answerMs: 500, clock: { ...systemClock, monotonic: proxy.waitedMs } },
  );
  proxy.target = Number(new URL(lab.server.origin).port);
  // Each question finds that processing has ended, however busy the machine: so one conversation is as long as the other.
  lab.server.fault = () => ({ kind: 'wait', until: lab.server.worker.idle() });
  if (way === 'reading') lab.token = lab.server.appToken('alice', 3600);
  const { id } = lab.plan('SEM1/a', FILES[way]);
  return {
    ...{ lab, proxy, id, way },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await lab[Symbol.asyncDispose]();
    },
  };
}

/** SHA-256 of the files of the batch, over all uploads, with how many uploads there are and how many have none. */
async function truthOf({
  lab,
}: World): Promise<{ hashes: string[]; manifests: number; uploads: number; empty: number }> {
  await lab.server.worker.idle();
  const uploads = await Promise.all(
    lab.server.uploads().map(async ({ id }) => [...(await lab.server.sha256Of(id))]),
  );
  const files = uploads.flat();
  return {
    hashes: files.filter(([path]) => !path.includes('/.nightjar/')).map(([, hash]) => hash),
    manifests: files.filter(([path]) => /\/\.nightjar\/b-[0-9a-f]+\.json$/.test(path)).length,
    uploads: uploads.length,
    empty: uploads.filter((one) => one.length === 0).length,
  };
}

const hashesOf = (way: Way): string[] =>
  Object.values(FILES[way]).map((text) => createHash('sha256').update(text).digest('hex'));

const stateOf = ({ lab, id }: World): string => lab.ledger.batches.head(id).state;

/** The ledger never says more than is true. */
async function holdsNoMoreThanIsTrue(of: World): Promise<void> {
  if (!['confirmed', 'verified'].includes(stateOf(of))) return;
  const { hashes, manifests } = await truthOf(of);
  expect({ hashes: hashes.toSorted(), manifests }).toEqual({
    hashes: hashesOf(of.way).toSorted(),
    manifests: 1,
  });
}

type Step = 'open' | 'send' | 'close';
type Range = { readonly from: number; readonly to: number };

/** Where each step lies in the same conversation when nothing goes wrong. */
const known = new Map<string, Readonly<Record<Step, Readonly<Record<Direction, Range>>>>>();
async function rangeOf(
  generation: Generation,
  way: Way,
  step: Step,
): Promise<Readonly<Record<Direction, Range>>> {
  const key = `${generation} ${way}`;
  const steps = known.get(key) ?? (await measured(generation, way));
  known.set(key, steps);
  return steps[step];
}

async function measured(generation: Generation, way: Way): Promise<Record<Step, Record<Direction, Range>>> {
  await using clean = await world(generation, way);
  const { lab, proxy, id } = clean;
  await lab.deliver(id);
  expect(stateOf(clean)).toBe(way === 'reading' ? 'verified' : 'confirmed');
  const { requests } = lab.server;
  expect(proxy.turns).toHaveLength(requests.length);
  const opened = requests.findIndex(({ path, method }) => method === 'POST' && path === '/uploads') + 1;
  const sent = requests.findLastIndex(({ headers }) => Number(headers['content-length'] ?? 0) > 0) + 1;
  const at = [proxy.turns[0], proxy.turns[opened], proxy.turns[sent], proxy.passed];
  const range = (nth: number): Record<Direction, Range> => ({
    request: { from: at[nth]?.request ?? 0, to: at[nth + 1]?.request ?? 0 },
    answer: { from: at[nth]?.answer ?? 0, to: at[nth + 1]?.answer ?? 0 },
  });
  return { open: range(0), send: range(1), close: range(2) };
}

type Hit = Pick<Strike, 'kind' | 'in'> & { readonly part: number };
const KINDS = ['cut', 'reset', 'swallow', 'half-open', 'stall', 'drip'] as const;
const aHit: fc.Arbitrary<Hit> = fc.record({
  kind: fc.constantFrom(...KINDS),
  in: fc.constantFrom<Direction>('request', 'answer'),
  /** Of ten thousand parts of the step. */
  part: fc.nat(9_999),
});
const WELL_CHOSEN: [Way, Hit][] = [
  ['parcel', { kind: 'cut', in: 'request', part: 6_000 }],
  ['parcel', { kind: 'reset', in: 'answer', part: 5_000 }],
  ['parcel', { kind: 'swallow', in: 'answer', part: 9_900 }],
  ['reading', { kind: 'half-open', in: 'request', part: 7_000 }],
  ['parcel', { kind: 'stall', in: 'answer', part: 3_000 }],
  ['raw', { kind: 'drip', in: 'answer', part: 2_000 }],
];

describe.each<Generation>(['v1.3', 'v1.4'])('a delivery to NOMAD %s', (generation) => {
  it.each<Step>(['open', 'send', 'close'])(
    'that is cut, reset or left hanging at any byte of %s arrives once, and the ledger says no more than is true',
    async (step) => {
      let struck = 0;
      const property = fc.asyncProperty(
        fc.constantFrom<Way>('parcel', 'parcel', 'raw', 'reading'),
        aHit,
        async (way, { part, ...hit }) => {
          const { from, to } = (await rangeOf(generation, way, step))[hit.in];
          await using of = await world(generation, way);
          const { lab, proxy, id } = of;
          proxy.strike = { ...hit, at: from + Math.floor(((to - from) * part) / 10_000) };

          await lab.deliver(id);
          await holdsNoMoreThanIsTrue(of);
          if (proxy.strike === undefined) struck += 1;
          // The next attempt of a daemon comes seconds later: the platform is done with what it got of this one.
          await untilTrue(() => lab.server.serving() === 0, 'the platform is done with what it got');
          await lab.deliverAll();

          await arrivedOnce(of);
        },
      );
      await fc.assert(property, { ...RUNS, examples: WELL_CHOSEN });
      // A conversation may be shorter than the one that was measured, and end before its strike.
      expect(struck).toBeGreaterThanOrEqual(RUNS.numRuns / 3);
    },
  );
});

async function arrivedOnce(of: World): Promise<void> {
  const { lab, way } = of;
  // Reading back that was broken off leaves it at confirmed.
  expect(way === 'reading' ? ['verified', 'confirmed'] : ['confirmed']).toContain(stateOf(of));
  const { hashes, empty, uploads } = await truthOf(of);
  expect(hashes.toSorted()).toEqual(hashesOf(way).toSorted());
  expect(uploads - empty).toBe(1);
  const told = lab.events.filter(({ name }) => name === 'container.doubtful').length;
  expect(empty).toBeLessThanOrEqual(told);
  expect(told).toBeLessThanOrEqual(1);
  expect(takenBy(lab)).toBe(way === 'raw' ? 0 : 1);
}

/** Whole parcels that the platform took: one that had arrived is found there, and not sent again. */
const takenBy = ({ server }: NomadDeliverer): number =>
  server.requests.filter(
    ({ method, headers, status }) =>
      method === 'PUT' && headers['content-type'] === 'application/zip' && status === 200,
  ).length;
