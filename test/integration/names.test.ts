import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { destinationName, ownerId } from '../../src/core/ids.ts';
import type { BatchPlan, Entry } from '../../src/core/model.ts';
import { foldedName, renamed, safeName } from '../../src/core/safe-name.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { createNames } from '../../src/nightly/name-files.ts';
import { planShare } from '../../src/nightly/plan-share.ts';
import { createAssigner } from '../../src/ownership/assign-owner.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { entry, look, planOf, SHARE, tempLedger } from '../support/ledger-fixture.ts';

const assigner = createAssigner({
  rules: [
    { id: 'rule 1', at: 'folders.yaml:1', match: '{owner}/{dataset}/**' },
    { id: 'rule 2', at: 'folders.yaml:2', match: '{owner}/**' },
  ],
  owners: [{ id: ownerId('mueller'), aliases: [] }],
  ignore: [],
  defaultSettleMs: 100,
  defaultDestination: destinationName('archive'),
});

type Tree = Readonly<Record<string, readonly Entry[]>>;
type Night = { readonly tree: Tree; readonly record?: (plan: BatchPlan, at: number) => boolean };

/** An evening in which everything has settled; answers what was planned: the delivered path by the path. */
function evening(
  ledger: Ledger,
  clock: FakeClock,
  { tree, record = () => true }: Night,
): Map<string, string> {
  const parts = {
    ledger,
    clock,
    assign: (_share: unknown, path: SharePath) => assigner.assign(path),
    limitsOf: () => ({ maxBytes: 1000, maxFiles: 3 }),
  };
  const looks = Object.entries(tree).map(([dir, entries]) => look(dir, entries));
  for (let n = 0; n < 2; n++) {
    const run = ledger.runs.start(clock.now(), undefined);
    ledger.looks.record(SHARE, looks, clock.now(), run.no);
    clock.advance(150);
    if (n === 0) continue;
    const plans = [...planShare(parts, SHARE, run)].filter((plan, at) => record(plan, at));
    for (const plan of plans) ledger.batches.plan(plan, { lane: 'l', at: clock.now(), runNo: run.no });
    const files = plans.filter(({ addendum }) => !addendum).flatMap((plan) => plan.files);
    return new Map(files.map(({ path, as }) => [path, as ?? path]));
  }
  return new Map();
}

const named = (...names: readonly string[]): Entry[] => names.map((name) => entry(name));

describe('the names of a share', () => {
  it('trap 16: are safe in every part of a path, and plain ones stay', async () => {
    await using temp = await tempLedger();
    const planned = evening(temp.ledger, new FakeClock(1_000_000), {
      tree: {
        'mueller/Probe: 3': named('a\nb', 'plain.tif', 'K\udcf6rner.tif'),
        mueller: named('readme.txt'),
      },
    });

    expect(Object.fromEntries(planned)).toEqual({
      'mueller/Probe: 3/a\nb': `mueller/${safeName('Probe: 3')}/${safeName('a\nb')}`,
      'mueller/Probe: 3/plain.tif': `mueller/${safeName('Probe: 3')}/plain.tif`,
      'mueller/Probe: 3/K\udcf6rner.tif': `mueller/${safeName('Probe: 3')}/${safeName('K\udcf6rner.tif')}`,
      'mueller/readme.txt': 'mueller/readme.txt',
    });
  });

  it('trap 16: a directory that differs in capitals from one delivered weeks ago never goes into it', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    const first = evening(temp.ledger, clock, { tree: { 'mueller/run1/x': named('a') } });
    const tree = {
      'mueller/run1/x': named('a', 'b'),
      'mueller/Run1/x': named('a'),
      'mueller/Run1': named('c'),
    };
    const second = evening(temp.ledger, clock, { tree });
    const third = evening(temp.ledger, clock, { tree: { ...tree, 'mueller/Run1': named('c', 'd') } });

    expect(Object.fromEntries([...first, ...second, ...third])).toEqual({
      'mueller/run1/x/a': 'mueller/run1/x/a',
      'mueller/run1/x/b': 'mueller/run1/x/b',
      'mueller/Run1/x/a': `mueller/${renamed('Run1', 0)}/x/a`,
      'mueller/Run1/c': `mueller/${renamed('Run1', 0)}/c`,
      'mueller/Run1/d': `mueller/${renamed('Run1', 0)}/d`,
    });
  });

  it('trap 16: a twin of a file that was delivered and deleted does not take its name', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    evening(temp.ledger, clock, { tree: { mueller: named('scan.tif', 'keep') } });

    const later = evening(temp.ledger, clock, { tree: { mueller: named('Scan.tif', 'keep') } });

    expect(later.get('mueller/Scan.tif')).toBe(`mueller/${renamed('Scan.tif', 0)}`);
  });

  it('trap 16: a suffix never takes the name of a file that was delivered and deleted', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    const first = renamed('scan.tif', 0);
    evening(temp.ledger, clock, { tree: { mueller: named('Scan.tif', first) } });

    const later = evening(temp.ledger, clock, { tree: { mueller: named('Scan.tif', 'scan.tif') } });

    expect(later.get('mueller/scan.tif')).toBe(`mueller/${renamed('scan.tif', 1)}`);
  });

  it('a directory that was only moved in, and written to since, takes no name from one that was delivered', async () => {
    await using temp = await tempLedger();
    const { looks, list } = temp.ledger;
    const clock = new FakeClock(1_000_000);
    evening(temp.ledger, clock, { tree: { 'mueller/run1': named('a'), 'mueller/old': named('x') } });
    const old = [...list()].find(({ dataset }) => dataset === 'mueller/old')?.no ?? 0;
    const tree = { 'mueller/run1': named('a'), 'mueller/Run1': named('x', 'y') };
    looks.record(
      SHARE,
      Object.entries(tree).map(([dir, all]) => look(dir, all)),
      clock.now(),
      2,
    );
    const [moved, written] = ['mueller/Run1/x', 'mueller/Run1/y'] as SharePath[];
    looks.assign(SHARE, moved === undefined ? [] : [moved], (facts) => ({
      ...facts,
      batch: old,
      mark: 'moved',
    }));
    looks.assign(SHARE, written === undefined ? [] : [written], (facts) => ({ ...facts, prior: old }));

    const later = evening(temp.ledger, clock, {
      tree: { 'mueller/run1': named('a', 'b'), 'mueller/Run1': named('x', 'y', 'z') },
    });

    expect(later.get('mueller/run1/b')).toBe('mueller/run1/b');
    expect(later.get('mueller/Run1/z')).toBe(`mueller/${renamed('Run1', 0)}/z`);
  });

  it('a name that was given stays when the twin that it was given for is gone for good', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    const both = { 'mueller/Run1': named('a'), 'mueller/run1': named('a') };
    evening(temp.ledger, clock, { tree: both, record: ({ files }) => files[0]?.path === 'mueller/run1/a' });

    const later = evening(temp.ledger, clock, { tree: { 'mueller/run1': named('a', 'b') } });

    expect(later.get('mueller/run1/b')).toBe(`mueller/${renamed('run1', 0)}/b`);
  });

  it('what an older version planned under its own name is told under it', async () => {
    await using temp = await tempLedger();
    const clock = new FakeClock(1_000_000);
    const run = temp.ledger.runs.start(clock.now(), undefined);
    temp.ledger.looks.record(SHARE, [look('mueller', named('a:b'))], clock.now(), run.no);
    const plan = planOf('mueller', named('a:b'));
    temp.ledger.batches.plan(plan, { lane: 'l', at: clock.now(), runNo: run.no });

    const names = createNames(temp.ledger);

    expect(names.planned(temp.ledger.batches.head(plan.id), 'mueller/a:b' as SharePath)).toBeUndefined();
    expect(names.next(SHARE, 'mueller/a:b' as SharePath)).toBe(`mueller/${safeName('a:b')}`);
    expect(temp.ledger.batches.get(plan.id).files.map(({ as }) => as)).toEqual([undefined]);
  });

  it('a batch that was withdrawn lives again with its safe paths', async () => {
    await using temp = await tempLedger();
    const { batches, list } = temp.ledger;
    const clock = new FakeClock(1_000_000);
    const tree = { mueller: named('a:b', 'c') };
    evening(temp.ledger, clock, { tree });
    const [head] = list();
    const id = head?.id ?? planOf('', []).id;
    const error = { code: 'MAPPING_CHANGED', message: 'other limits', hint: 'none', at: clock.now() };
    batches.withdraw(batches.get(id), error, { paths: [], mark: 'none' });

    evening(temp.ledger, clock, { tree });

    expect([...list()].map((one) => [one.id, one.state])).toEqual([[id, 'planned']]);
    expect(batches.get(id).files.map(({ as }) => as)).toEqual([`mueller/${safeName('a:b')}`, undefined]);
  });
});

const anyName = fc.constantFrom('a', 'A', 'b', '\u00fc', 'u\u0308', '\u00dc', 'a:', 'A:', 'x\n', '.nightjar');
const anyDir = fc
  .array(fc.constantFrom('Run', 'run', 'r:', 'R:', 'a', '\u00fc', 'u\u0308'), { maxLength: 2 })
  .map((parts) => ['mueller', ...parts].join('/'));
const anyNight: fc.Arbitrary<Tree> = fc.dictionary(
  anyDir,
  fc.uniqueArray(anyName, { maxLength: 4 }).map((names) => named(...names)),
  { noNullPrototype: true, maxKeys: 5 },
);

describe('over any nights of a real ledger', () => {
  it('trap 16: no two files of an owner ever have one place, and each keeps its own for ever', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyNight, { minLength: 2, maxLength: 4 }),
        fc.nat(3),
        async (nights, skip) => {
          await using temp = await tempLedger();
          const clock = new FakeClock(1_000_000);
          const places = new Map<string, string>();
          for (const tree of nights.map(withoutClashes)) {
            const record = (_plan: BatchPlan, at: number): boolean => at % 4 !== skip;
            for (const [path, as] of evening(temp.ledger, clock, { tree, record })) places.set(path, as);
          }
          const ledgers = [...temp.ledger.list()].flatMap(({ id }) => temp.ledger.batches.get(id).files);
          const now = createNames(temp.ledger);

          expect(new Set([...places.values()].map(foldedPath)).size).toBe(places.size);
          expect(ledgers.filter(({ path, as }) => (now.next(SHARE, path) ?? path) !== (as ?? path))).toEqual(
            [],
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

const foldedPath = (path: string): string => path.split('/').map(foldedName).join('/');

/** A file is no directory too, in one night. */
function withoutClashes(tree: Tree): Tree {
  const dirs = new Set(
    Object.keys(tree).flatMap((dir) => dir.split('/').map((_, at, all) => all.slice(0, at + 1).join('/'))),
  );
  return Object.fromEntries(
    Object.entries(tree).map(([dir, entries]) => [
      dir,
      entries.filter(({ name }) => !dirs.has(`${dir}/${name}`)),
    ]),
  );
}
