import { createHash } from 'node:crypto';
import { cpSync, renameSync } from 'node:fs';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { IngestError } from '../../src/core/errors.ts';
import type { BatchId } from '../../src/core/ids.ts';
import type { DeliveryParts } from '../../src/delivery/deliver-batch.ts';
import { recordFailure } from '../../src/delivery/record-failure.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Nights, nights } from '../support/nights.ts';

const MTIME = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const now = systemClock.now;
const img = (s: string) => ({ content: `image ${s}`, mtime: MTIME });
const P = 'SEM1/mueller';
const mv = (lab: Nights, a: string, b: string) =>
  renameSync(lab.share.path(`${P}/${a}`), lab.share.path(`${P}/${b}`));
const datasetsSent = (lab: Nights) =>
  lab.inLedger((ledger) => [...ledger.list()].map(({ dataset }) => dataset));
const firstOf = (lab: Nights): BatchId =>
  lab.inLedger((l) => [...l.list()].map(({ id }) => id)[0] ?? ('' as BatchId));

/** An attempt of the batch finds that these files are not there any more. */
function failWith(ledger: Ledger, id: BatchId, paths: string[]): void {
  const parts = {
    ledger,
    clock: systemClock,
    retry: { limit: 5, firstMs: 1, maxMs: 1 },
    emit: () => undefined,
    destination: () => ({ containerName: () => 'mueller' }),
  } as unknown as DeliveryParts;
  ledger.batches.markQueued(id, now());
  const error = new IngestError('FILE_VANISHED', 't', { hint: 'n', context: { path: paths[0], paths } });
  recordFailure(ledger.batches.begin(id, now()), error, parts, { stopped: false });
}

it('a file of a moved folder that is away when its batch is withdrawn is sent when it is back', async () => {
  await using lab = await nights({ [`${P}/run1/a`]: img('a'), [`${P}/run1/b`]: img('b') }, { settle: '0s' });
  await lab.evening();
  lab.advance(DAY);
  mv(lab, 'run1', 'run2');
  await lab.evening();
  const b1 = firstOf(lab);
  renameSync(lab.share.path(`${P}/run2/a`), `${lab.dir}/away`);
  lab.advance(DAY);
  await lab.evening();
  await lab.run('requeue', b1, '--yes');
  lab.inLedger((l) => failWith(l, b1, [`${P}/run1/a`, `${P}/run1/b`]));
  lab.advance(DAY);
  await lab.evening();
  renameSync(`${lab.dir}/away`, lab.share.path(`${P}/run2/a`));
  const last = await evenings(lab, 2);

  expect(last?.buckets).toMatchObject({ waiting: { files: 0 }, unchanged: { files: 2 } });
});

/** So many evenings, a day apart; the report of the last. */
async function evenings(lab: Nights, n: number): Promise<RunReport | undefined> {
  let last: RunReport | undefined;
  for (let at = 0; at < n; at += 1) {
    lab.advance(DAY);
    last = await lab.evening();
  }
  return last;
}

const HASHES = Buffer.concat(['a', 'b'].map((s) => createHash('sha256').update(`image ${s}`).digest()));

/** An attempt of the batch that went out whole and had no answer. */
function loseAnswer(lab: Nights, id: BatchId): void {
  lab.inLedger(({ batches, outcomes }) => {
    batches.requeue(id, now());
    batches.markQueued(id, now());
    const batch = batches.begin(id, now());
    batches.sending(batch, { id: 'c', name: 'c', location: 'c' });
    outcomes.wentOut(batch, HASHES);
    const error = { code: 'DESTINATION_UNREACHABLE', message: 'm', hint: 'h', at: now() } as const;
    batches.fail(batch, { to: 'held', error });
  });
}

it.each(['run0', 'run9'])(
  'a copy %s of a moved folder that waits for the answer to its delivery is sent',
  async (copy) => {
    await using lab = await nights(
      { [`${P}/run1/a`]: img('a'), [`${P}/run1/b`]: img('b') },
      { settle: '0s' },
    );
    await lab.evening(undefined, { deliver: 'hold' });
    const id = firstOf(lab);
    loseAnswer(lab, id);
    mv(lab, 'run1', 'run2');
    lab.advance(DAY);
    await lab.evening(undefined, { deliver: 'hold' });
    cpSync(lab.share.path(`${P}/run2`), lab.share.path(`${P}/${copy}`), {
      recursive: true,
      preserveTimestamps: true,
    });
    lab.advance(DAY);
    await lab.evening(undefined, { deliver: 'hold' });
    lab.inLedger(({ batches }) => {
      batches.requeue(id, now(), 'kept');
      batches.markQueued(id, now());
      const b = batches.begin(id, now());
      batches.sending(b, { id: 'c', name: 'c', location: 'c' });
      batches.deliver(
        b,
        { evidence: 'verified', how: 'found', location: 'c', files: 2, bytes: b.bytes },
        HASHES,
        now(),
      );
    });
    await evenings(lab, 2);

    expect(datasetsSent(lab).toSorted()).toEqual([`${P}/run1`, `${P}/${copy}`].toSorted());
  },
);

it('a file that could not be read where its folder was moved to, and on, waits with the others for the answer to their delivery', async () => {
  await using lab = await nights({ [`${P}/run1/a`]: img('a'), [`${P}/run1/b`]: img('b') }, { settle: '0s' });
  await lab.evening();
  const id = firstOf(lab);
  lab.advance(DAY);
  mv(lab, 'run1', 'run2');
  await lab.evening(undefined, { eio: [`${P}/run2/b`] });
  mv(lab, 'run2', 'run3');
  lab.advance(DAY);
  loseAnswer(lab, id);

  await lab.evening(undefined, { deliver: 'hold' });

  expect(datasetsSent(lab)).toHaveLength(1);
});
