import { renameSync } from 'node:fs';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import { type BatchId, shareName } from '../../src/core/ids.ts';
import type { Entry } from '../../src/core/model.ts';
import { joinPath, type SharePath } from '../../src/core/share-path.ts';
import type { DeliveryParts } from '../../src/delivery/deliver-batch.ts';
import { recordFailure } from '../../src/delivery/record-failure.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { entry, look, planOf, SHARE, tempLedger } from '../support/ledger-fixture.ts';
import { type Nights, nights } from '../support/nights.ts';

const RUN = 'SEM1/mueller/run' as SharePath;
const [A, B, LOG] = ['a.tif', 'b.tif', 'log'].map((name) => joinPath(RUN, name)) as [
  SharePath,
  SharePath,
  SharePath,
];
const DAY_MS = 86_400_000;
const now = systemClock.now;

/** The next attempt of a batch, which ends with these files. */
function failWith(
  ledger: Ledger,
  id: BatchId,
  code: 'FILE_VANISHED' | 'FILE_UNREADABLE' | 'FILE_CHANGED',
  paths: readonly SharePath[],
): void {
  const parts = {
    ...{ ledger, clock: systemClock, retry: { limit: 5, firstMs: 1, maxMs: 1 }, emit: () => undefined },
    destination: () => ({ containerName: () => 'mueller' }),
  } as unknown as DeliveryParts;
  ledger.batches.markQueued(id, now());
  const error = new IngestError(code, 'by the test', { hint: 'none', context: { path: paths[0], paths } });
  recordFailure(ledger.batches.begin(id, now()), error, parts, { stopped: false });
}

function firstOf(lab: Nights): BatchId {
  const id = lab.inLedger((ledger) => [...ledger.list()].at(0)?.id);
  if (id === undefined) throw new Error('no batch was planned');
  return id;
}

it('a file that comes back after its batch was cut without it is sent', async () => {
  await using lab = await nights({ [A]: 'a', [B]: 'b' }, { settle: '0s' });
  await lab.evening(undefined, { deliver: 'hold' });
  const held = firstOf(lab);
  renameSync(lab.share.path(A), `${lab.dir}/a.tif`);
  await lab.evening(undefined, { deliver: 'hold' });
  lab.inLedger((ledger) => {
    ledger.batches.requeue(held, now());
    failWith(ledger, held, 'FILE_VANISHED', [A]);
  });
  await lab.evening();
  renameSync(`${lab.dir}/a.tif`, lab.share.path(A));
  lab.advance(DAY_MS);
  await lab.evening();
  lab.advance(DAY_MS);
  const { buckets } = await lab.evening();
  expect([buckets.waiting.files, buckets.unchanged.files]).toEqual([0, 2]);
});

it.each([
  ['could not stat', true],
  ['did not list', false],
])('a file that one look %s is known in the piece that delivered it', async (_, isListed) => {
  await using temp = await tempLedger();
  const { looks, batches, runs } = temp.ledger;
  const run = runs.start(1000, undefined);
  const [f, g] = [entry('f'), entry('g')];
  looks.record(SHARE, [look(RUN, [f, g])], 1000, run.no);
  const whole = planOf(RUN, [f, g]);
  batches.plan(whole, { lane: 'archive/mueller', at: 1000, runNo: run.no });
  const eio = { ...f, kind: 'unreadable', size: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n, error: 'EIO' } as Entry;
  looks.record(SHARE, [look(RUN, isListed ? [eio, g] : [g])], 2000, run.no);

  batches.markQueued(whole.id, 3000);
  const rest = planOf(RUN, [f]);
  const error = { code: 'FILE_UNREADABLE', message: 'm', hint: 'h', at: 3000 };
  const bad = { paths: [joinPath(RUN, 'g')], mark: 'unreadable' } as const;
  batches.recut(batches.begin(whole.id, 3000), error, bad, () => [rest]);
  batches.markQueued(rest.id, 4000);
  const batch = batches.begin(rest.id, 4000);
  batches.sending(batch, { id: 'c', name: 'c', location: 'c' });
  const receipt = { evidence: 'verified', how: 'x', location: 'c', files: 1, bytes: 10 } as const;
  batches.deliver(batch, receipt, Buffer.alloc(32), 4000);

  looks.record(SHARE, [look(RUN, [f, g])], 5000, run.no);
  const no = looks.find(SHARE, joinPath(RUN, 'f'))?.facts.batch ?? 0;
  expect(batches.headByNo(no)?.id).toBe(rest.id);
});

it('a batch cut again does not take back a version that another batch delivered', async () => {
  await using lab = await nights({ [A]: 'a', [B]: 'b', [LOG]: 'l' }, { settle: '0s' });
  await lab.evening(undefined, { deliver: 'hold' });
  const old = firstOf(lab);
  lab.inLedger(({ batches }) => {
    batches.requeue(old, now());
    batches.markQueued(old, now());
    const batch = batches.begin(old, now());
    batches.sending(batch, { id: 'c', name: 'c', location: 'c' });
    const error = { code: 'RECEIPT_MISMATCH', message: 'm', hint: 'h', at: now() };
    batches.fail(batch, { to: 'held', error });
  });
  await lab.share.put({ [B]: 'b two', [LOG]: 'l two' });
  await lab.evening();
  await lab.share.put({ [LOG]: 'l two three' });
  await lab.evening();
  const sent = (): string[] =>
    lab.inLedger((ledger) =>
      [...ledger.list({ states: ['verified'] })]
        .flatMap(({ id }) => ledger.batches.get(id).files.map(({ path, size }) => `${path} ${size}`))
        .filter((line) => !line.startsWith(A))
        .toSorted(),
    );
  const before = [`${B} 5`, `${LOG} 11`, `${LOG} 5`];
  expect(sent()).toEqual(before);

  lab.inLedger((ledger) => {
    ledger.batches.requeue(old, now());
    failWith(ledger, old, 'FILE_UNREADABLE', [A]);
  });
  const holder = lab.inLedger(({ looks, batches }) =>
    batches.headByNo(looks.find(shareName('lab'), B)?.facts.batch ?? 0),
  );
  expect(holder?.state).toBe('verified');
  lab.inLedger((ledger) => {
    for (const { id } of ledger.list({ states: ['planned'] })) failWith(ledger, id, 'FILE_CHANGED', [B, LOG]);
  });
  lab.advance(60_000);
  await lab.evening();
  expect(sent()).toEqual(before);
});

it('what has arrived is not overwritten by a later version because its batch was withdrawn', async () => {
  await using lab = await nights({ [A]: 'a', [B]: 'b', [LOG]: 'l' }, { settle: '0s' });
  await lab.evening();
  const arrived = firstOf(lab);
  await lab.run('requeue', arrived, '--yes');
  await lab.run('exclude', A, '--reason', 'spoilt', '--yes');
  expect(lab.inLedger(({ batches }) => batches.head(arrived).state)).toBe('withdrawn');
  await lab.share.put({ [B]: 'b two' });
  await lab.evening();
  // What is as it was goes to its old place: one replaces the other.
  const again = lab.inLedger(({ list, batches }) =>
    [...list()]
      .filter(({ id }) => id !== arrived)
      .map(({ id, addendum }) => [addendum, batches.get(id).files.map(({ path }) => path)] as const),
  );
  expect(again).toHaveLength(2);
  expect(new Map(again)).toEqual(
    new Map([
      [false, [LOG]],
      [true, [B]],
    ]),
  );
});
