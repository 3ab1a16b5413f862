import { createHash } from 'node:crypto';
import { renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { IngestError } from '../../src/core/errors.ts';
import type { BatchId } from '../../src/core/ids.ts';
import type { Batch } from '../../src/core/model.ts';
import type { DeliveryParts } from '../../src/delivery/deliver-batch.ts';
import { recordFailure } from '../../src/delivery/record-failure.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import type { RunReport } from '../../src/nightly/run-report.ts';
import { type Nights, nights } from '../support/nights.ts';

const [OLD, NEW] = ['SEM1/mueller/run1', 'SEM1/mueller/run1_final'];
const CONTENTS = ['image 0', 'image 1'];
const HASHES = Buffer.concat(CONTENTS.map((content) => createHash('sha256').update(content).digest()));

/** One batch that began to be sent. */
async function sending(): Promise<{ readonly lab: Nights; readonly batch: Batch }> {
  const tree = Object.fromEntries(CONTENTS.map((content, at) => [`${OLD}/f${at}`, content]));
  const lab = await nights(tree, { settle: '0s' });
  await lab.evening(undefined, { deliver: 'hold' });
  const batch = lab.inLedger(({ list, batches }) => {
    for (const { id } of [...list()]) batches.requeue(id, Date.now());
    return [...list()].map(({ id }) => attempt(batches, id))[0];
  });
  if (batch === undefined) throw new Error('nothing was planned');
  return { lab, batch };
}

function attempt(batches: Ledger['batches'], id: BatchId): Batch {
  batches.markQueued(id, Date.now());
  const batch = batches.begin(id, Date.now());
  batches.sending(batch, { id: 'c', name: 'c', location: 'c' });
  return batch;
}

const errorOf = (code: string) => ({ code, message: `the test says ${code}`, hint: 'h', at: Date.now() });

/** The same, of which the whole parcel went out, and the answer was lost. */
async function unanswered(): Promise<{ readonly lab: Nights; readonly id: BatchId }> {
  const { lab, batch } = await sending();
  lab.inLedger(({ outcomes, batches }) => {
    outcomes.wentOut(batch, HASHES);
    batches.fail(batch, { to: 'planned', error: errorOf('DESTINATION_UNREACHABLE') });
  });
  return { lab, id: batch.id };
}

function rename(lab: Nights): void {
  renameSync(lab.share.path(OLD), lab.share.path(NEW));
  lab.advance(86_400_000);
}

function recordDelivered({ batches }: Ledger, batch: Batch): void {
  const { files, bytes } = batch;
  const receipt = {
    evidence: 'verified',
    how: 'found there',
    location: 'c',
    files: files.length,
    bytes,
  } as const;
  batches.deliver(batch, receipt, HASHES, Date.now());
}

/** An attempt that finds nothing at the destination and its files gone from the share: the batch is cut. */
function cut(ledger: Ledger, id: BatchId): void {
  const batch = attempt(ledger.batches, id);
  ledger.outcomes.isNotThere(id);
  const paths = batch.files.map(({ path }) => path);
  const error = new IngestError('FILE_VANISHED', 'gone', { hint: 'h', context: { path: paths[0], paths } });
  const parts = {
    ...{ ledger, clock: { now: () => Date.now() }, retry: { limit: 5, firstMs: 1, maxMs: 1 } },
    ...{ emit: () => undefined, destination: () => ({ containerName: () => 'mueller' }) },
  };
  recordFailure(batch, error, parts as unknown as DeliveryParts, { stopped: false });
}

const batchesOf = (lab: Nights): { readonly dataset: string; readonly state: string }[] =>
  lab.inLedger(({ list }) => [...list()].map(({ dataset, state }) => ({ dataset, state })));
const kindsOf = ({ recognised }: RunReport): string[] => recognised.map(({ kind }) => kind);

describe('a folder that is moved while nobody knows whether its batch arrived', () => {
  it('waits for the answer, says so in every command, and is known again when the batch was found there', async () => {
    const made = await unanswered();
    await using lab = made.lab;
    const { id } = made;
    rename(lab);

    const plan = await lab.run('plan');
    const report = await lab.evening(undefined, { deliver: 'hold' });
    const explained = await lab.run('explain', `${NEW}/f0`);
    const why = await lab.json('why', NEW);

    expect(batchesOf(lab)).toEqual([{ dataset: OLD, state: 'held' }]);
    expect(report).toMatchObject({ balanced: true, buckets: { held: { files: 2 } } });
    const reason = `whether ${id} brought it from ${OLD} is not known yet`;
    expect([plan.out, explained.out, JSON.stringify(why)].map((said) => said.includes(reason))).toEqual([
      ...[true, true, true],
    ]);

    lab.inLedger((ledger) => {
      ledger.batches.requeue(id, Date.now(), 'kept');
      recordDelivered(ledger, attempt(ledger.batches, id));
    });
    lab.advance(86_400_000);
    const after = await lab.evening();
    expect(kindsOf(after)).toEqual(['moved']);
    expect(batchesOf(lab)).toEqual([{ dataset: OLD, state: 'verified' }]);
  });

  it('waits while it is being delivered, and is known again in the same evening', async () => {
    const made = await sending();
    await using lab = made.lab;
    const { batch } = made;
    rename(lab);

    const report = await lab.evening(({ name }) => {
      if (name === 'run.delivering') lab.inLedger((ledger) => recordDelivered(ledger, batch));
    });

    expect(kindsOf(report)).toEqual(['moved']);
    expect(batchesOf(lab)).toEqual([{ dataset: OLD, state: 'verified' }]);
  });

  it.each<[string, (ledger: Ledger, id: BatchId) => void]>([
    ['is cut, as its files are gone', cut],
    [
      'is rejected',
      ({ batches }, id) =>
        batches.fail(attempt(batches, id), { to: 'rejected', error: errorOf('PATH_UNREPRESENTABLE') }),
    ],
    [
      'is held, and put back by a person',
      (ledger, id) => {
        ledger.batches.fail(attempt(ledger.batches, id), { to: 'held', error: errorOf('UNEXPECTED') });
        ledger.batches.requeue(id, Date.now());
        cut(ledger, id);
      },
    ],
  ])('goes from its new place, once, when the batch %s', async (_, end) => {
    const made = await unanswered();
    await using lab = made.lab;
    const { id } = made;
    rename(lab);

    const planned: number[] = [];
    const report = await lab.evening(({ name }) => {
      if (name !== 'run.delivering') return;
      planned.push(batchesOf(lab).length);
      lab.inLedger((ledger) => end(ledger, id));
    });

    expect({ planned, isBalanced: report.balanced }).toEqual({ planned: [1], isBalanced: true });
    const sent = batchesOf(lab).filter(({ state }) => state === 'verified');
    expect(sent).toEqual([{ dataset: NEW, state: 'verified' }]);
  });

  it('so does a file of which only the time changed meanwhile', async () => {
    const made = await unanswered();
    await using lab = made.lab;
    const { id } = made;
    await lab.share.put({ [`${OLD}/f0`]: { content: 'image 0', mtime: Date.UTC(2026, 0, 1) } });
    lab.advance(86_400_000);

    await lab.evening(({ name }) => {
      if (name === 'run.delivering')
        lab.inLedger((ledger) => recordDelivered(ledger, attempt(ledger.batches, id)));
    });

    expect(batchesOf(lab)).toEqual([{ dataset: OLD, state: 'verified' }]);
  });
});
