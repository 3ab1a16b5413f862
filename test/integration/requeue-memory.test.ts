import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { BatchId } from '../../src/core/ids.ts';
import type { Receipt } from '../../src/core/model.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { makeReport } from '../../src/nightly/run-report.ts';
import { cliLab } from '../support/cli-lab.ts';
import { type Seed, seedLedger } from '../support/seed-ledger.ts';

const DAY = 86_400_000;
const BUSY = { to: 'held', code: 'DESTINATION_BUSY' } as const;

/** A lab with these batches; `put` and `meet` are what a person and the deliveries do with them. */
async function seeded(seeds: readonly Seed[]) {
  const lab = await cliLab();
  const ids = lab.inLedger((ledger) => seedLedger(ledger, seeds).map(({ id }) => id));
  return {
    ids,
    lab,
    meet: (at: number, fate: string) => lab.inLedger((ledger) => meet(ledger, ids[at], fate)),
    [Symbol.asyncDispose]: async () => await lab[Symbol.asyncDispose](),
  };
}

/** An attempt of a batch, and how it ends: with a state of evidence, or held with a code. */
function meet({ batches }: Ledger, id: BatchId | undefined, fate: string): void {
  if (id === undefined) throw new RangeError('no such batch');
  const at = Date.now();
  batches.markQueued(id, at);
  const begun = batches.begin(id, at);
  const { files, bytes } = { files: begun.files.length, bytes: begun.bytes };
  if (fate === 'verified' || fate === 'accepted') {
    const receipt: Receipt = { evidence: fate, how: 'it was read back', location: '/srv', files, bytes };
    batches.deliver(begun, receipt, Buffer.alloc(32 * files), at);
  } else if (fate === 'WITHDRAWN')
    batches.withdraw(
      begun,
      { code: 'FILE_CHANGED', message: 'm', hint: 'h', at },
      { paths: [], mark: 'none' },
    );
  else batches.fail(begun, { to: 'held', error: { code: fate, message: 'it failed', hint: 'h', at } });
}

const sayings = (out: string): string[] => out.split('\n').filter((line) => line.includes('last requeue of'));

describe('a requeue is remembered', () => {
  it('tells of the last one of the same class how many were delivered and how many failed again the same way', async () => {
    await using made = await seeded([
      { dir: 'SEM1/mueller/a', ...BUSY },
      { dir: 'SEM1/mueller/b', ...BUSY },
      { dir: 'SEM1/mueller/c', ...BUSY },
      { dir: 'SEM1/mueller/d', ...BUSY },
      { dir: 'SEM1/mueller/e', ...BUSY },
      { dir: 'SEM1/mueller/f', ...BUSY },
    ]);
    const { lab, meet } = made;
    const first = await lab.run('requeue', '--class', 'DESTINATION_BUSY', '--yes');
    for (const [at, fate] of [
      'verified',
      'DESTINATION_BUSY',
      'QUOTA_EXCEEDED',
      'accepted',
      'WITHDRAWN',
    ].entries())
      meet(at, fate);

    const preview = await lab.run('requeue', '--class', 'DESTINATION_BUSY');
    const json = await lab.json('requeue', '--class', 'DESTINATION_BUSY');

    expect(sayings(first.out)).toEqual([]);
    expect(sayings(preview.out)).toEqual([
      expect.stringMatching(
        /^The last requeue of DESTINATION_BUSY, \d{4}-\d\d-\d\d \d\d:\d\d by .+: 6 batches, 1 delivered, 1 failed again the same way, 1 failed with QUOTA_EXCEEDED, 1 accepted but not confirmed yet, 1 planned anew in other batches, 1 on the way\.$/,
      ),
    ]);
    expect(json['last']).toMatchObject([
      {
        ...{ code: 'DESTINATION_BUSY', batches: 6, delivered: 1, accepted: 1, again: 1 },
        ...{ otherwise: { QUOTA_EXCEEDED: 1 }, replanned: 1, underway: 1 },
      },
    ]);
  });

  it('tells it also where batches are named by another selector, a sentence for each of their classes', async () => {
    await using made = await seeded([
      { dir: 'SEM1/mueller/a', ...BUSY },
      { dir: 'SEM1/chen/b', owner: 'chen', to: 'rejected', code: 'BATCH_REFUSED' },
    ]);
    const { lab, meet } = made;
    await lab.run('requeue', '--all', '--yes');
    meet(0, 'DESTINATION_BUSY');
    meet(1, 'BATCH_REFUSED');

    const { out } = await lab.run('requeue', '--all');

    expect(sayings(out).map((line) => line.replace(/,.*:/, ':'))).toEqual([
      'The last requeue of DESTINATION_BUSY: 1 batch, 1 failed again the same way.',
      'The last requeue of BATCH_REFUSED: 1 batch, 1 failed again the same way.',
    ]);
  });

  it('counts what came of a batch to the requeue before it, not to older ones', async () => {
    await using made = await seeded([{ dir: 'SEM1/mueller/a', ...BUSY }]);
    const { lab, meet } = made;
    await lab.run('requeue', '--all', '--yes');
    meet(0, 'QUOTA_EXCEEDED');
    await lab.run('requeue', '--all', '--yes');
    meet(0, 'verified');

    const { busy, quota } = lab.inLedger(({ requeues }) => ({
      busy: requeues.lastOf('DESTINATION_BUSY'),
      quota: requeues.lastOf('QUOTA_EXCEEDED'),
    }));

    expect(busy).toMatchObject({ delivered: 0, otherwise: { QUOTA_EXCEEDED: 1 } });
    expect(quota).toMatchObject({ delivered: 1, again: 0, otherwise: {} });
  });

  it('counts for good what was confirmed, whatever is found of it later', async () => {
    await using made = await seeded([{ dir: 'SEM1/mueller/a', ...BUSY }]);
    const { lab, meet, ids } = made;
    await lab.run('requeue', '--all', '--yes');
    meet(0, 'QUOTA_EXCEEDED');
    lab.inLedger(({ batches }) => batches.requeue(ids[0] as BatchId, Date.now()));
    meet(0, 'verified');
    const result = () => lab.inLedger(({ requeues }) => requeues.lastOf('DESTINATION_BUSY'));
    expect(result()).toMatchObject({ delivered: 1, otherwise: {} });

    const error = { code: 'EVIDENCE_GONE', message: 'it is gone', hint: 'h', at: Date.now() };
    lab.inLedger(({ batches }) => batches.fail(batches.get(ids[0] as BatchId), { to: 'held', error }));

    expect(result()).toMatchObject({ delivered: 1, otherwise: {} });
  });

  it('is in the report of each run since which something came of it, and in no later one', async () => {
    await using made = await seeded([{ dir: 'SEM1/mueller/a', ...BUSY }]);
    const { lab, meet } = made;
    await lab.run('requeue', '--all', '--yes');
    const parts = (ledger: Ledger) => ({
      ...{ ledger, clock: systemClock, shares: [] },
      ...{ assign: () => ({ kind: 'excluded', reason: 'x', rule: 'r' }) as never },
      ...{ limitsOf: () => ({ maxBytes: 1, maxFiles: 1 }), hasOwners: () => true },
    });
    const report = (since: number) =>
      lab.inLedger((ledger) => {
        const run = ledger.runs.start(Date.now(), undefined);
        const ending = { outcomes: new Map(), stopped: undefined };
        return makeReport(parts(ledger), { ...run, since }, ending).requeues;
      });

    expect(report(Date.now() - DAY)).toMatchObject([{ batches: 1, underway: 1 }]);
    meet(0, 'verified');
    expect(report(Date.now() - DAY)).toMatchObject([{ batches: 1, delivered: 1, underway: 0 }]);
    expect(report(Date.now() + 1)).toEqual([]);
  });
});

describe('nightjar requeue', () => {
  it('narrows by destination, instrument and night, and names what there is when there is no such', async () => {
    const now = Date.now();
    await using made = await seeded([
      { dir: 'SEM1/mueller/a', ...BUSY },
      { dir: 'SEM1/mueller/b', destination: 'old', ...BUSY },
      { dir: 'SEM1/mueller/c', at: now - 9 * DAY, ...BUSY },
    ]);
    const { lab, ids } = made;
    const found = async (...argv: string[]): Promise<unknown[]> => {
      const { batches } = (await lab.json('requeue', ...argv)) as { batches: { batch: string }[] };
      return batches.map(({ batch }) => batch);
    };

    expect(await found('--destination', 'archive')).toEqual([ids[0], ids[2]]);
    expect(await found('--destination', 'old')).toEqual([ids[1]]);
    expect(await found('--instrument', 'SEM1', '--destination', 'old')).toEqual([ids[1]]);
    expect(await found('--night', 'last')).toEqual([ids[0], ids[1], ids[2]]);
    const [run] = lab.inLedger(({ runs }) => runs.latest(1));
    expect(await found('--night', String(run?.id))).toEqual([ids[0], ids[1], ids[2]]);
    for (const [argv, said] of [
      [['--destination', 'archiv'], 'Did you mean archive?'],
      [['--instrument', 'SEM2'], 'Did you mean SEM1?'],
      [['--night', '2001-01-01'], 'no run of 2001-01-01'],
    ] as const)
      expect(await lab.run('requeue', ...argv)).toMatchObject({
        code: 64,
        err: expect.stringContaining(said) as string,
      });
  });

  it('takes a night for what its run planned, and for what came to where it is in it', async () => {
    const lab = await cliLab();
    await using _ = lab;
    const ids = lab.inLedger((ledger) => {
      const old = seedLedger(ledger, [{ dir: 'SEM1/mueller/a', ...BUSY }], Date.now() - 9 * DAY);
      const [late] = seedLedger(ledger, [{ dir: 'SEM1/mueller/b', ...BUSY }]);
      return { old: old[0]?.id, late: late?.id };
    });
    const [newest, oldest] = lab.inLedger(({ runs }) => runs.latest(2));
    const batchesOf = async (night: string | undefined) =>
      (await lab.json('requeue', '--night', String(night)))['batches'];

    expect(await batchesOf(oldest?.id)).toMatchObject([{ batch: ids.old }]);
    expect(await batchesOf(newest?.id)).toMatchObject([{ batch: ids.late }]);
  });

  it('takes a night whose run was killed until the next run began, and the newest for one that goes on', async () => {
    const lab = await cliLab();
    await using _ = lab;
    const began = Date.now() - 9 * DAY;
    const { killed, late } = lab.inLedger((ledger) => {
      const killed = ledger.runs.start(began, undefined);
      const [late] = seedLedger(ledger, [{ dir: 'SEM1/mueller/b', ...BUSY }]);
      return { killed: String(killed.id), late: late?.id };
    });
    const batchesOf = async (night: string) => (await lab.json('requeue', '--night', night))['batches'];

    expect(await batchesOf(killed)).toEqual([]);
    lab.inLedger(({ runs }) => runs.start(Date.now() - 45_000, undefined));
    expect(await batchesOf('last')).toMatchObject([{ batch: late }]);
  });
});
