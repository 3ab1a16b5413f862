import { destinationName, ownerId } from '../../src/core/ids.ts';
import type { BatchPlan, Entry, Receipt } from '../../src/core/model.ts';
import { sharePath } from '../../src/core/share-path.ts';
import type { BatchError } from '../../src/ledger/batch-row.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { entry, look, planOf, SHARE } from './ledger-fixture.ts';

/** Where a seeded batch is to end. */
export type Seed = {
  readonly dir: string;
  readonly owner?: string;
  readonly destination?: string;
  /** Default: the directory. */
  readonly dataset?: string;
  readonly names?: readonly string[];
  readonly to: 'planned' | 'queued' | 'delivering' | 'held' | 'rejected' | 'verified';
  readonly code?: string;
  readonly at?: number;
};

/** Looks at the seeds' files in one run and brings a batch of each to its state, by the ledger's own moves. */
export function seedLedger(ledger: Ledger, seeds: readonly Seed[], now = Date.now()): BatchPlan[] {
  const run = ledger.runs.start(now - 60_000, undefined);
  const listed = seeds.map((seed) => ({ seed, entries: (seed.names ?? ['a.tif', 'b.tif']).map(fileOf) }));
  ledger.looks.record(
    SHARE,
    listed.map(({ seed, entries }) => look(seed.dir, entries)),
    now - 50_000,
    run.no,
  );
  const plans = listed.map(({ seed, entries }) => seedOne(ledger, seed, { entries, runNo: run.no, now }));
  ledger.runs.finish(run.no, now - 1000, 'attention', JSON.stringify({ instruments: { SEM1: {}, TEM: {} } }));
  return plans;
}

const fileOf = (name: string): Entry => entry(name, 1000);

function seedOne(
  ledger: Ledger,
  seed: Seed,
  { entries, runNo, now }: { entries: readonly Entry[]; runNo: number; now: number },
): BatchPlan {
  const { batches } = ledger;
  const at = seed.at ?? now - 40_000;
  const plan = planOf(seed.dir, entries, {
    owner: ownerId(seed.owner ?? 'mueller'),
    destination: destinationName(seed.destination ?? 'archive'),
    dataset: sharePath(seed.dataset ?? seed.dir),
  });
  batches.plan(plan, { lane: `${plan.destination}/${plan.owner}`, at, runNo });
  if (seed.to === 'planned') return plan;
  batches.markQueued(plan.id, at);
  if (seed.to === 'queued') return plan;
  const begun = batches.begin(plan.id, at);
  if (seed.to === 'verified') batches.sending(begun, { id: 'c', name: 'c', location: 'c' });
  if (seed.to === 'verified') batches.deliver(begun, receiptOf(plan), new Uint8Array(), at + 2000);
  if (seed.to === 'held' || seed.to === 'rejected')
    batches.fail(begun, { to: seed.to, error: errorOf(seed.code ?? 'TOKEN_REJECTED', at) });
  return plan;
}

const receiptOf = ({ files, bytes }: BatchPlan): Receipt => ({
  ...{ evidence: 'verified', how: 'each was read back', location: '/srv/archive' },
  ...{ files: files.length, bytes },
});

const errorOf = (code: string, at: number): BatchError => ({
  ...{ code, message: `it failed with ${code}`, hint: 'Mend it.', at },
});
