import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../src/batch/plan-batches.ts';
import { destinationName, ownerId, shareName } from '../../src/core/ids.ts';
import type { BatchPlan, Entry, EntryKind } from '../../src/core/model.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import type { NightlyParts } from '../../src/nightly/parts.ts';
import { planShare } from '../../src/nightly/plan-share.ts';
import { makeReport } from '../../src/nightly/run-report.ts';
import { createAssigner } from '../../src/ownership/assign-owner.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { look, SHARE, tempLedger } from '../support/ledger-fixture.ts';

const assigner = createAssigner({
  rules: [
    { id: 'rule 1', at: 'folders.yaml:1', match: '{instrument}/private/**', exclude: 'private' },
    { id: 'rule 2', at: 'folders.yaml:2', match: 'TEM/service/**', hold: 'service' },
    { id: 'rule 3', at: 'folders.yaml:3', match: '{instrument}/{owner}/**' },
  ],
  owners: [
    { id: ownerId('mueller'), aliases: [] },
    { id: ownerId('schmidt'), aliases: [] },
  ],
  ignore: ['*.tmp'],
  defaultSettleMs: 100,
  defaultDestination: destinationName('archive'),
});

const KINDS: readonly EntryKind[] = [
  'file',
  'file',
  'file',
  'symlink',
  'special',
  'other-file-system',
  'unreadable',
  'unreadable-dir',
];
const entry: fc.Arbitrary<Entry> = fc.record({
  name: fc.constantFrom('a', 'b.tmp', 'c', 'd', 'ü', 'back\\slash', '\udcf6', 'big'),
  kind: fc.constantFrom(...KINDS),
  size: fc.integer({ min: 0, max: 5000 }),
  mtimeNs: fc.bigInt({ min: 0n, max: 3n }),
  ctimeNs: fc.constant(1n),
  ino: fc.constant(1n),
});
const isData = ({ kind }: Entry): boolean => kind === 'file' || kind === 'unreadable';
const entries = fc
  .uniqueArray(entry, { selector: ({ name }) => name, maxLength: 7 })
  .map((list) => list.map((one) => (isData(one) ? one : { ...one, size: 0 })));
const dirs = fc.constantFrom(
  '',
  'SEM1/mueller',
  'SEM1/mueller/x',
  'SEM1/guest/y',
  'TEM/service',
  'SEM1/private',
  'TEM/schmidt/z',
);
const evening = fc.record({
  tree: fc.dictionary(dirs, entries, { noNullPrototype: true }),
  fates: fc.array(fc.constantFrom('leave', 'queue', 'deliver', 'hold', 'reject', 'retry', 'withdraw'), {
    maxLength: 12,
  }),
});

type Evening = { readonly tree: Readonly<Record<string, Entry[]>>; readonly fates: readonly string[] };

function partsOn(
  ledger: Ledger,
  clock: FakeClock,
): Pick<NightlyParts, 'ledger' | 'assign' | 'limitsOf' | 'clock' | 'shares' | 'hasOwners'> {
  return {
    ledger,
    clock,
    assign: (_share, path) => assigner.assign(path),
    limitsOf: () => ({ maxBytes: 4000, maxFiles: 3 }),
    hasOwners: () => true,
    shares: [{ name: SHARE, root: '/nowhere', marker: '.nightjar-share' }],
  };
}

/** One evening on the ledger: looks, plans, and a fate for each batch; answers the run. */
function play(ledger: Ledger, clock: FakeClock, { tree, fates }: Evening) {
  const parts = partsOn(ledger, clock);
  const run = ledger.runs.start(clock.now(), undefined);
  const looks = Object.entries(tree).map(([dir, list]) => look(dir, list));
  ledger.looks.record(SHARE, looks, clock.now(), run.no);
  const plans = [...planShare(parts, SHARE, run)];
  for (const [at, plan] of plans.entries()) {
    ledger.batches.plan(plan, { lane: `archive/${plan.owner}`, at: clock.now(), runNo: run.no });
    meet(ledger, plan, fates[at] ?? 'deliver', clock.now());
  }
  return { run, plans };
}

function meet(ledger: Ledger, plan: BatchPlan, fate: string, at: number): void {
  const { batches } = ledger;
  if (fate === 'leave') return;
  batches.markQueued(plan.id, at);
  if (fate === 'queue') return;
  const batch = batches.begin(plan.id, at);
  const error = { code: 'DESTINATION_BUSY', message: 'busy', hint: 'wait', at };
  const receipt = {
    evidence: 'verified',
    how: 'read',
    location: '/x',
    files: plan.files.length,
    bytes: plan.bytes,
  } as const;
  if (fate === 'deliver') batches.deliver(batch, receipt, Buffer.alloc(32 * plan.files.length), at);
  else if (fate === 'withdraw')
    batches.withdraw(batch, error, {
      paths: plan.files.slice(0, 1).map(({ path }) => path),
      mark: 'unreadable',
    });
  else
    batches.fail(batch, { to: fate === 'hold' ? 'held' : fate === 'reject' ? 'rejected' : 'planned', error });
}

describe('the balance of a run', () => {
  it('counts every entry that was seen in exactly one bucket, whatever becomes of the batches', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(evening, { minLength: 1, maxLength: 4 }), async (evenings) => {
        await using temp = await tempLedger();
        const clock = new FakeClock(1_000_000);
        for (const one of evenings) {
          const { run } = play(temp.ledger, clock, one);
          const outcomes = new Map([[SHARE, { looked: true }]]);
          const report = makeReport(partsOn(temp.ledger, clock), run, { outcomes, stopped: undefined });
          const seen = Object.values(one.tree).flat();
          expect(report.seen.files).toBe(seen.length);
          expect(report.balanced).toBe(true);
          for (const rows of [report.owners, report.instruments]) {
            const files = Object.values(rows).flatMap((row) =>
              Object.values(row).map((amount) => amount.files),
            );
            expect(files.reduce((sum, n) => sum + n, 0)).toBe(seen.length);
          }
          clock.advance(150);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never plans an entry for somebody the mapping does not name, and none twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(evening, { minLength: 2, maxLength: 4 }), async (evenings) => {
        await using temp = await tempLedger();
        const clock = new FakeClock(1_000_000);
        const delivered = new Set<string>();
        for (const one of evenings) {
          const { plans } = play(temp.ledger, clock, { ...one, fates: [] });
          for (const plan of plans) {
            expect(isRejected(plan)).toBe(false);
            expect(['mueller', 'schmidt', 'collector']).toContain(plan.owner);
            for (const { path, size, mtimeNs } of plan.files) {
              const version = JSON.stringify([path, size, String(mtimeNs)]);
              expect(delivered.has(version)).toBe(false);
              delivered.add(version);
            }
          }
          clock.advance(150);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is not good when the ledger holds another number than the scanner counted', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    const { run } = play(temp.ledger, clock, {
      tree: { 'SEM1/mueller': [{ ...file('a') }, { ...file('b') }] },
      fates: [],
    });
    const db = new DatabaseSync(join(temp.stateDir, 'ledger.db'));
    db.exec('UPDATE dir SET files = files + 1');
    db.close();
    const outcomes = new Map([[shareName('lab'), { looked: true }]]);
    const report = makeReport(partsOn(temp.ledger, clock), run, { outcomes, stopped: undefined });
    expect(report).toMatchObject({ balanced: false, outcome: 'unbalanced' });
  });

  it('is no success while a batch is held whose files are not on the share any more', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    play(temp.ledger, clock, {
      tree: { 'SEM1/mueller': [file('a')], 'SEM1/schmidt': [file('b')] },
      fates: [],
    });
    clock.advance(150);
    play(temp.ledger, clock, {
      tree: { 'SEM1/mueller': [file('a')], 'SEM1/schmidt': [file('b')] },
      fates: ['hold'],
    });
    clock.advance(150);
    const { run } = play(temp.ledger, clock, {
      tree: { 'SEM1/mueller': [], 'SEM1/schmidt': [file('b')] },
      fates: [],
    });
    const outcomes = new Map([[SHARE, { looked: true }]]);
    const report = makeReport(partsOn(temp.ledger, clock), run, { outcomes, stopped: undefined });
    expect(report).toMatchObject({ outcome: 'attention', balanced: true, seen: { files: 1 } });
    expect(report.notes.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('not on the share any more'),
    ]);
  });

  it('counts what was delivered between two runs as delivered in the next report', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    const tree = { 'SEM1/mueller': [file('a')] };
    play(temp.ledger, clock, { tree, fates: [] });
    clock.advance(150);
    const { run, plans } = play(temp.ledger, clock, { tree, fates: ['leave'] });
    temp.ledger.runs.finish(run.no, clock.now(), 'waiting', '{}');
    clock.advance(1000);
    for (const plan of plans) meet(temp.ledger, plan, 'deliver', clock.now());
    clock.advance(1000);
    const next = play(temp.ledger, clock, { tree, fates: [] });
    const outcomes = new Map([[SHARE, { looked: true }]]);
    const report = makeReport(partsOn(temp.ledger, clock), next.run, { outcomes, stopped: undefined });
    expect(report.buckets.delivered.files).toBe(1);
    expect(report.deliveries).toHaveLength(1);
  });

  it('of an evening in which no share had a file is empty, never done', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    const { run } = play(temp.ledger, clock, { tree: {}, fates: [] });
    const outcomes = new Map([[SHARE, { looked: true }]]);
    expect(makeReport(partsOn(temp.ledger, clock), run, { outcomes, stopped: undefined }).outcome).toBe(
      'empty',
    );
  });

  it('leaves out a dataset as a whole until its youngest file has settled', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    const dir = 'SEM1/mueller/x' as SharePath;
    play(temp.ledger, clock, { tree: { [dir]: [file('a')] }, fates: [] });
    clock.advance(150);
    expect(
      play(temp.ledger, clock, { tree: { [dir]: [file('a'), file('late')] }, fates: [] }).plans,
    ).toHaveLength(0);
    clock.advance(150);
    const { plans } = play(temp.ledger, clock, { tree: { [dir]: [file('a'), file('late')] }, fates: [] });
    expect(plans.map(({ files }) => files.length)).toEqual([2]);
  });
});

function file(name: string): Entry {
  return { name, kind: 'file', size: 10, mtimeNs: 1n, ctimeNs: 1n, ino: 1n };
}
