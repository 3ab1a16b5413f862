import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Condition } from '../../src/core/completion.ts';
import type { Assign } from '../../src/core/model.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { keptDatasets } from '../../src/nightly/kept-datasets.ts';
import type { NightlyParts } from '../../src/nightly/parts.ts';
import { waitForCandidates } from '../../src/nightly/wait-for-candidates.ts';
import { createAssigner } from '../../src/ownership/assign-owner.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { entry, look, SHARE, tempLedger } from '../support/ledger-fixture.ts';
import { mappingOf } from '../unit/ownership/mapping-of.ts';

const SETTLE_MS = 100;

/** One rule that asks for this; without a condition it only asks for quiet. */
function asking(condition?: Condition): Assign {
  const complete = condition === undefined ? {} : { complete: { by: 'rule 1', condition } };
  const rule = { match: '{instrument}/{owner}/{dataset}/**', settleMs: SETTLE_MS, ...complete };
  const assigner = createAssigner(mappingOf({ rules: [rule], owners: { mueller: [] }, ignore: ['*.log'] }));
  return (_share, path) => assigner.assign(path);
}

const RUN = 'SEM1/mueller/run';
const name = fc.constantFrom('a.raw', 'a.ras', 'b.raw', 'b.ras', 'x.lck', 'done', 'c.log');
const leaf: fc.Arbitrary<Condition> = fc.constantFrom<Condition>(
  { kind: 'marker', files: 'done' },
  { kind: 'companions', pairs: [{ every: '*.raw', has: ['*.ras'] }] },
  { kind: 'absent', files: ['*.lck'] },
  { kind: 'count', files: '*.raw', least: 2 },
  { kind: 'min-size', sizes: [{ files: '*', bytes: 5 }] },
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  leaf,
  fc.record({
    kind: fc.constantFrom('all' as const, 'any' as const),
    of: fc.array(leaf, { minLength: 1, maxLength: 3 }),
  }),
);
const file = fc.record({ name, size: fc.constantFrom(0, 10), mtime: fc.integer({ min: 1, max: 3 }) });
const tree = fc.dictionary(
  fc.constantFrom(RUN, `${RUN}/below`, `${RUN}2`),
  fc.uniqueArray(file, { selector: (one) => one.name, maxLength: 5 }),
  { noNullPrototype: true },
);
type Tree = Readonly<Record<string, readonly { name: string; size: number; mtime: number }[]>>;

function record(ledger: Ledger, files: Tree, at: number): number {
  const run = ledger.runs.start(at, undefined);
  const looks = Object.entries(files).map(([dir, list]) =>
    look(
      dir,
      list.map((one) => entry(one.name, one.size, one.mtime)),
    ),
  );
  ledger.looks.record(SHARE, looks, at, run.no);
  return run.no;
}

describe('what a rule asks besides quiet', () => {
  it('never sends anything early, whatever is asked and however the files change', async () => {
    await fc.assert(
      fc.asyncProperty(condition, fc.array(tree, { minLength: 1, maxLength: 3 }), async (asked, looks) => {
        await using temp = await tempLedger();
        let runNo = 0;
        for (const [index, files] of looks.entries())
          runNo = record(temp.ledger, files, 1000 + index * (SETTLE_MS / 2));

        const parts = { looks: temp.ledger.looks };
        const plain = keptDatasets({ ...parts, assign: asking() }, SHARE, runNo);
        const kept = keptDatasets({ ...parts, assign: asking(asked) }, SHARE, runNo);

        expect([...plain.keys()].filter((dataset) => !kept.has(dataset))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('is looked at again with the files that settle: also where nothing else is new', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const clock = new FakeClock(1000);
    const files = {
      [RUN]: [{ name: 'a.raw', size: 10, mtime: 1 }],
      [`${RUN}/below`]: [{ name: 'c.log', size: 10, mtime: 1 }],
      [`${RUN}2`]: [{ name: 'c.log', size: 10, mtime: 1 }],
    };
    const no = record(ledger, files, 1000);
    const run = ledger.runs.latest(1)[0];
    if (run?.no !== no) throw new Error('no run');
    const parts = {
      ...{ ledger, clock, assign: asking({ kind: 'absent', files: ['*.lck'] }), maxWaitMs: 1000 },
      ...{ limitsOf: () => ({ maxBytes: 1e9, maxFiles: 100 }), emit: () => undefined },
    } as unknown as NightlyParts;

    const candidates = await waitForCandidates(parts, run, [SHARE], new AbortController().signal);

    expect(clock.now()).toBe(1000 + SETTLE_MS);
    expect(candidates.get(SHARE)).toEqual([RUN, `${RUN}/below`] as SharePath[]);
    record(ledger, { ...files, [`${RUN}/below`]: [{ name: 'x.lck', size: 0, mtime: 2 }] }, clock.now());
    expect(
      keptDatasets({ looks: ledger.looks, assign: parts.assign }, SHARE).get(RUN as SharePath)?.what,
    ).toContain('below/x.lck is there');
  });

  it('does not make an evening wait when no waiting can help', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    const clock = new FakeClock(1000);
    record(ledger, { [RUN]: [{ name: 'a.raw', size: 10, mtime: 1 }] }, 1000);
    const parts = {
      ...{ ledger, clock, assign: asking({ kind: 'marker', files: 'done' }), maxWaitMs: 1000 },
      ...{ limitsOf: () => ({ maxBytes: 1e9, maxFiles: 100 }), emit: () => undefined },
    } as unknown as NightlyParts;
    const [run] = ledger.runs.latest(1);
    if (run === undefined) throw new Error('no run');

    const candidates = await waitForCandidates(parts, run, [SHARE], new AbortController().signal);

    expect(clock.now()).toBe(1000);
    expect([...candidates]).toEqual([]);
  });
});
