import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/model.ts';
import type { SharePath } from '../../src/core/share-path.ts';
import type { Ledger } from '../../src/ledger/open-ledger.ts';
import { entry, look, SHARE, tempLedger } from '../support/ledger-fixture.ts';

const DIR = 'SEM1/mueller/run1' as SharePath;

/** What the ledger holds of each file of the directory. */
function known(ledger: Ledger): Map<string, { since: number; rest: object }> {
  const dirs = [...ledger.looks.all(SHARE)];
  return new Map(
    dirs.flatMap(({ entries }) =>
      entries.map(({ entry: seen, facts: { since, ...rest } }) => [
        seen.name,
        { since, rest: { seen, ...rest } },
      ]),
    ),
  );
}

const since = (ledger: Ledger, name: string): number | undefined => known(ledger).get(name)?.since;

describe('an early look', () => {
  it('is the first look of what the evening finds as it was then, and of nothing else', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    ledger.earlyLooks.record(SHARE, [look(DIR, [entry('same'), entry('grows', 10, 1)])], 1000);

    ledger.looks.record(
      SHARE,
      [look(DIR, [entry('same'), entry('grows', 20, 2), entry('late')])],
      9000,
      ledger.runs.start(9000, undefined).no,
    );

    expect(since(ledger, 'same')).toBe(1000);
    expect(since(ledger, 'grows')).toBe(9000);
    expect(since(ledger, 'late')).toBe(9000);
  });

  it('keeps the time since when a file looks the same over any number of early looks', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    ledger.earlyLooks.record(SHARE, [look(DIR, [entry('a')])], 1000);
    ledger.earlyLooks.record(SHARE, [look(DIR, [entry('a'), entry('b')])], 2000);
    ledger.earlyLooks.record(SHARE, [look(DIR, [entry('a'), entry('b', 11, 2)])], 3000);

    ledger.looks.record(SHARE, [look(DIR, [entry('a'), entry('b', 11, 2)])], 9000, 1);

    expect([since(ledger, 'a'), since(ledger, 'b')]).toEqual([1000, 3000]);
  });

  it('belongs to no run: what the last one counted and saw stays as it was', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    ledger.looks.record(SHARE, [look(DIR, [entry('a')])], 1000, 1);
    const before = [ledger.looks.seen(SHARE, 1), known(ledger), ledger.scans.lastLooked(SHARE)];

    ledger.earlyLooks.record(
      SHARE,
      [look(DIR, [entry('a', 99, 9), entry('b')]), look('new', [entry('c')])],
      2000,
    );

    expect([ledger.looks.seen(SHARE, 1), known(ledger), ledger.scans.lastLooked(SHARE)]).toEqual(before);
    expect(ledger.earlyLooks.count(SHARE)).toBe(2);
  });

  it('under a clock that was ahead counts for nothing', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    ledger.earlyLooks.record(SHARE, [look(DIR, [entry('a')])], 50_000);

    ledger.looks.record(SHARE, [look(DIR, [entry('a')])], 9000, 1);

    expect(since(ledger, 'a')).toBe(9000);
  });

  it('at a directory that is gone or empty leaves nothing behind', async () => {
    await using temp = await tempLedger();
    const { ledger } = temp;
    ledger.earlyLooks.record(SHARE, [look(DIR, [entry('a')])], 1000);

    ledger.earlyLooks.record(SHARE, [look(DIR, [])], 2000);

    expect(ledger.earlyLooks.count(SHARE)).toBe(0);
  });
});

/** One moment of a directory's life. */
const step = fc.oneof(
  fc.record({
    does: fc.constantFrom('write', 'remove', 'chmod', 'deliver'),
    name: fc.constantFrom('a', 'b', 'c'),
  }),
  fc.record({ does: fc.constantFrom('early look', 'evening'), name: fc.constant('') }),
);

/** The directory as it is, and since when each file has truly looked like that. */
type Truth = Map<string, { readonly entry: Entry; readonly at: number }>;

function change(truth: Truth, does: string, name: string, at: number): void {
  const now = truth.get(name)?.entry;
  if (does === 'remove') truth.delete(name);
  if (does === 'write') truth.set(name, { entry: entry(name, at, at), at });
  if (does === 'chmod' && now !== undefined) truth.set(name, { entry: { ...now, ctimeNs: BigInt(at) }, at });
}

const assignBatch = (ledger: Ledger, name: string, no: number): void =>
  ledger.looks.assign(SHARE, [`${DIR}/${name}` as SharePath], (facts) => ({ ...facts, batch: no }));

describe('with early looks and without', () => {
  it('the ledger comes to the same, but for a first look that is earlier and never before the truth', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 40 }), async (steps) => {
        await using on = await tempLedger();
        await using off = await tempLedger();
        const truth: Truth = new Map();
        for (const [index, { does, name }] of [...steps, { does: 'evening', name: '' }].entries()) {
          const at = 1000 + 10 * index;
          change(truth, does, name, at);
          const now = look(
            DIR,
            [...truth.values()].map(({ entry: seen }) => seen),
          );
          if (does === 'early look') on.ledger.earlyLooks.record(SHARE, [now], at);
          for (const { ledger } of [on, off]) {
            if (does === 'evening') ledger.looks.record(SHARE, [now], at, index + 1);
            if (does === 'deliver') assignBatch(ledger, name, index + 1);
          }
          if (does === 'evening' && index % 2 === 0) on.ledger.earlyLooks.forget(SHARE);
        }
        const [withLooks, without] = [known(on.ledger), known(off.ledger)];
        expect([...withLooks.keys()]).toEqual([...without.keys()]);
        for (const [name, { since: early, rest }] of withLooks) {
          expect(rest).toEqual(without.get(name)?.rest);
          expect(early).toBeLessThanOrEqual(without.get(name)?.since ?? 0);
          // The time of what a batch holds is not asked any more; a chmod leaves it as it was.
          const at = 'batch' in rest && rest.batch !== 0 ? 0 : truth.get(name)?.at;
          expect(early).toBeGreaterThanOrEqual(at ?? Infinity);
        }
      }),
      { numRuns: 40 },
    );
  });
});
