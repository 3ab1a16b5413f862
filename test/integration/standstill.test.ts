import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type EngineEvent, startEngine } from '../../src/app/engine.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import { createPacker } from '../../src/batch/packer.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { systemClock as clock } from '../../src/core/clock.ts';
import type { BatchId } from '../../src/core/ids.ts';
import { Secret } from '../../src/core/secret.ts';
import { createNomad } from '../../src/destinations/nomad/nomad.ts';
import { nomadOptions } from '../../src/destinations/nomad/options.ts';
import { createHttpClient } from '../../src/http/http-client.ts';
import { buildShare } from '../support/build-share.ts';
import { childPids } from '../support/child-pids.ts';
import { contentOf } from '../support/content.ts';
import { entry, look, planOf, SHARE, tempLedger } from '../support/ledger-fixture.ts';
import { nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer, type UserName } from '../support/nomad-server.ts';
import { planShare } from '../support/plan-share.ts';
import { untilTrue } from '../support/until.ts';

const OWNERS = { adams: 'user1', baker: 'user2', clark: 'user3' } as const;
const DATASETS = ['gold', 'steel'];

async function labOf(nomad: NomadServer) {
  const names = Object.keys(OWNERS);
  const lab = await nomadLab(nomad, {
    folders: `rules:\n  - match: "{instrument}/{owner}/{dataset}/**"\nowners:\n${names.map((owner) => `  ${owner}: { nomad: { token: ${owner} } }`).join('\n')}\ncollector: { nomad: { token: collector } }\n`,
    block: 'join: dataset',
    deliveries: 'concurrency: 1',
    tokens: Object.fromEntries([
      ...Object.entries(OWNERS).map(([owner, user]) => [owner, nomad.tokenOf(user)]),
      ['collector', nomad.tokenOf('collector')],
    ]),
  });
  for (const owner of names)
    for (const dataset of DATASETS)
      for (const file of ['a.tif', 'b.tif'])
        await lab.put(`SEM1/${owner}/${dataset}/${file}`, `${owner} ${dataset}`);
  return lab;
}

/** Whose upload a parcel goes into; undefined for any other request. */
function ownerOfParcel(nomad: NomadServer, { method, path, headers }: NomadServer['requests'][number]) {
  if (method !== 'PUT' || headers['content-type'] !== 'application/zip') return undefined;
  const author = nomad.uploads().find(({ id }) => path.startsWith(`/uploads/${id}/`))?.mainAuthor;
  return Object.entries(OWNERS).find(([, user]: [string, UserName]) => nomad.userId(user) === author)?.[0];
}

it('of one delivery at a time, one that stops in the middle keeps nobody else from arriving, and goes on by itself', async () => {
  await using nomad = await startNomadServer({ generation: 'v1.4' });
  await using lab = await labOf(nomad);
  const go = Promise.withResolvers<void>();
  const parcels: string[] = [];
  nomad.fault = (request) => {
    const owner = ownerOfParcel(nomad, request);
    if (owner === undefined) return undefined;
    return parcels.push(owner) === 1 ? { kind: 'pause', afterBytes: 1, until: go.promise } : undefined;
  };
  const http = createHttpClient({ userAgent: 'test', clock });
  await using _ = { [Symbol.asyncDispose]: http.close };
  const config = loadConfig({ env: {}, home: '/nonexistent', file: join(lab.root, 'nightjar.yaml') });
  using workspace = openWorkspace(config, { clock, http });
  const { dispatch, list } = workspace.ledger;
  const stood: boolean[] = [];
  let most = 0;
  const emit = (event: EngineEvent): void => {
    if (event.name === 'delivery.standstill') stood.push(event.isStill);
    if (event.name === 'delivery.attempt') most = Math.max(most, dispatch.inFlight().length);
  };
  const parts = { clock, env: {}, emit, holder: 'the test', standstillMs: 300 };
  await using engine = await startEngine(workspace, parts);
  // Also where the test fails, the evening has an end.
  using atEnd = new DisposableStack();
  atEnd.defer(go.resolve);

  const evening = engine.runEvening(undefined, new AbortController().signal);
  evening.catch(() => undefined);
  const arrived = (): string[] =>
    [...list()].filter(({ state }) => state === 'confirmed').map(({ owner }) => owner);
  await untilTrue(() => arrived().length === 2 * DATASETS.length, 'the batches of the others');
  const meanwhile = { arrived: new Set(arrived()), inFlight: dispatch.inFlight() };
  go.resolve();
  const report = await evening;

  const [stops] = parcels;
  expect(meanwhile.arrived).toEqual(new Set(Object.keys(OWNERS).filter((owner) => owner !== stops)));
  expect(meanwhile.inFlight).toMatchObject([{ owner: stops, state: 'delivering', isStill: true }]);
  expect(most).toBe(2);
  expect([stood[0], stood.at(-1)]).toEqual([true, false]);
  expect(report).toMatchObject({ outcome: 'done', balanced: true });
  expect([...list()].map(({ attempts, state }) => [attempts, state])).toEqual(
    Array.from({ length: 6 }, () => [1, 'confirmed']),
  );
  expect(parcels).toHaveLength(6);
});

it.each([
  { standsMs: 50, holds: false },
  { standsMs: 600_000, holds: true },
])(
  'what the platform works on for longer than $standsMs ms leaves its place, and no sooner (waits on: $holds)',
  async ({ standsMs, holds }) => {
    await using nomad = await startNomadServer({ generation: 'v1.3' });
    const http = createHttpClient({ userAgent: 'test', clock });
    await using _ = { [Symbol.asyncDispose]: http.close };
    const polling = { firstMs: 5, longestMs: 20, totalMs: 60_000, standsMs };
    const options = nomadOptions.parse({ kind: 'nomad', base_url: nomad.url });
    const destination = createNomad(options, { http, clock, polling });
    const story: string[] = [];
    const begin = (): (() => void) => {
      story.push('stands');
      return () => void story.push('moves');
    };
    const token = new Secret(nomad.tokenOf('alice'));
    const call = { token, signal: new AbortController().signal, standstill: { afterMs: 30_000, begin } };
    const content = contentOf({ owner: 'alice', files: { 'SEM1/run/a.tif': 'a', 'SEM1/run/b.tif': 'b' } });
    const container = await destination.open(destination.containerName(content.batch), call);
    nomad.worker.hold('running');
    using atEnd = new DisposableStack();
    atEnd.defer(nomad.worker.release);
    await destination.send(container, content, call);
    const asked = nomad.requests.length;

    const closed = destination.close(container, content, call);
    await untilTrue(() => (holds ? nomad.requests.length > asked + 10 : story.length > 0), 'the wait');
    const whileItWorks = [...story];
    nomad.worker.release();
    const { evidence } = await closed;

    expect(whileItWorks).toEqual(holds ? [] : ['stands']);
    expect(evidence).toBe('confirmed');
    expect(story).toEqual(holds ? [] : ['stands', 'moves']);
  },
);

it('a share that gives no byte is a standstill of the delivery that waits for it, until it gives one', async () => {
  await using share = await buildShare({ 'large.tif': Buffer.alloc(64 * 1024 * 1024, 1) });
  const still = new Set<BatchId>();
  const before = childPids();
  const batch = planShare(share.root);
  await using packer = createPacker({
    ...{ clock, stallMs: 120_000, spoolDir: share.root, version: '1.2.3' },
    standstill: (id) => ({
      afterMs: 100,
      begin: () => {
        still.add(id);
        return () => void still.delete(id);
      },
    }),
  });
  const { stream } = await packer.content(batch, share.root).parcel(new AbortController().signal);
  const pieces = stream[Symbol.asyncIterator]();
  await pieces.next();
  const [pid] = childPids().filter((child) => !before.includes(child));
  if (pid === undefined) throw new Error('no reader was started');
  await untilTrue(() => still.size === 0, 'the first bytes');

  process.kill(pid, 'SIGSTOP');
  const drained = (async () => {
    while ((await pieces.next()).done !== true);
  })();
  await untilTrue(() => still.size > 0, 'the standstill');
  const whileStopped = [...still];
  process.kill(pid, 'SIGCONT');
  await drained;
  await untilTrue(() => still.size === 0, 'its end');

  expect(whileStopped).toEqual([batch.id]);
});

it('the ledger has a standstill of the attempt under way in this process alone, and it ends with that', async () => {
  await using temp = await tempLedger();
  const { ledger } = temp;
  const files = [entry('a.tif')];
  ledger.looks.record(SHARE, [look('SEM1/x', files)], 1, ledger.runs.start(1, undefined).no);
  const plan = planOf('SEM1/x', files);
  ledger.batches.plan(plan, { lane: 'archive/mueller', at: 1, runNo: 1, plannedAt: 1 });
  const isStill = (): boolean[] => ledger.dispatch.inFlight().map((batch) => batch.isStill);
  const marked = (on: boolean): boolean[] => {
    ledger.standstills.mark(plan.id, on);
    return isStill();
  };
  ledger.batches.markQueued(plan.id, 2);
  const whileQueued = marked(true);
  ledger.batches.begin(plan.id, 3);
  const inTurn = [isStill(), marked(true), marked(false), marked(true)];
  ledger.batches.backToPlanned([plan.id], 'its job is gone', 4);
  ledger.batches.markQueued(plan.id, 5);
  ledger.batches.begin(plan.id, 6);
  const inTheNext = isStill();
  ledger.batches.disown();
  const ofAnother = marked(true);

  expect(whileQueued).toEqual([false]);
  expect(inTurn).toEqual([[false], [true], [false], [true]]);
  expect(inTheNext).toEqual([false]);
  expect(ofAnother).toEqual([false]);
});
