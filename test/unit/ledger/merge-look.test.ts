import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeListing, encodeListing } from '../../../src/core/listing.ts';
import type { DirLook, Entry } from '../../../src/core/model.ts';
import type { SharePath } from '../../../src/core/share-path.ts';
import { decodeFacts, encodeFacts, type Facts } from '../../../src/ledger/facts.ts';
import { type DirRow, mergeLook } from '../../../src/ledger/merge-look.ts';

const file = (name: string, version = 1): Entry => ({
  ...{ name, kind: 'file', size: 10 * version, mtimeNs: BigInt(version), ctimeNs: BigInt(version), ino: 7n },
});
const lookOf = (entries: readonly Entry[]): DirLook => ({
  dir: 'SEM1/a' as SharePath,
  listing: encodeListing(entries),
  files: entries.length,
  bytes: entries.reduce((sum, { size }) => sum + size, 0),
});
const all = (): boolean => true;

/** The directory after a look, as facts by name. */
function factsOf(row: DirRow): Map<string, Facts> {
  const facts = decodeFacts(row.facts);
  return new Map(decodeListing(row.listing).map(({ name }, at) => [name, facts[at] ?? never()]));
}
function never(): never {
  throw new Error('a listing and its facts differ in length');
}
/** As the planner does: batch `no` holds these names. */
function inBatch(row: DirRow, names: readonly string[], no: number): DirRow {
  const entries = decodeListing(row.listing);
  const facts = decodeFacts(row.facts).map((of, at) =>
    names.includes(entries[at]?.name ?? '') ? { ...of, batch: no } : of,
  );
  return { ...row, facts: encodeFacts(facts) };
}

describe('mergeLook', () => {
  it('starts the time of a file at its first look', () => {
    expect(factsOf(mergeLook(undefined, lookOf([file('a')]), 100, all)).get('a')).toEqual({
      since: 100,
      batch: 0,
      prior: 0,
      mark: 'none',
    });
  });

  it('keeps the time of a file that looks the same, whatever happens beside it', () => {
    const first = mergeLook(undefined, lookOf([file('a')]), 100, all);
    const second = mergeLook(first, lookOf([file('a'), file('b')]), 200, all);
    expect(factsOf(second).get('a')?.since).toBe(100);
    expect(factsOf(second).get('b')?.since).toBe(200);
  });

  it('starts again when a file grew, and remembers the batch that has its earlier version', () => {
    const first = inBatch(mergeLook(undefined, lookOf([file('a')]), 100, all), ['a'], 5);
    const second = mergeLook(first, lookOf([file('a', 2)]), 200, all);
    expect(factsOf(second).get('a')).toEqual({ since: 200, batch: 0, prior: 5, mark: 'none' });
    expect(second.open).toBe(1);
  });

  it('forgets a batch whose files never reached a destination', () => {
    const first = inBatch(mergeLook(undefined, lookOf([file('a')]), 100, all), ['a'], 5);
    expect(factsOf(mergeLook(first, lookOf([file('a', 2)]), 200, () => false)).get('a')?.prior).toBe(0);
  });

  it('takes a delivered file with a new inode and ctime for the same file: a remount sends nothing again', () => {
    const first = inBatch(mergeLook(undefined, lookOf([file('a')]), 100, all), ['a'], 5);
    const second = mergeLook(first, lookOf([{ ...file('a'), ino: 99n, ctimeNs: 99n }]), 200, all);
    expect(factsOf(second).get('a')).toMatchObject({ since: 100, batch: 5 });
  });

  it('settles an undelivered file anew when its ctime moves: it may have been rewritten with its old mtime', () => {
    const first = mergeLook(undefined, lookOf([file('a')]), 100, all);
    expect(
      factsOf(mergeLook(first, lookOf([{ ...file('a'), ctimeNs: 99n }]), 200, all)).get('a')?.since,
    ).toBe(200);
  });

  it('knows a delivered file again that was away for some looks', () => {
    const first = inBatch(mergeLook(undefined, lookOf([file('a'), file('b')]), 100, all), ['a'], 5);
    const away = mergeLook(first, lookOf([]), 200, all);
    const stillAway = mergeLook(away, lookOf([file('c')]), 300, all);
    const back = factsOf(mergeLook(stillAway, lookOf([file('a'), file('b'), file('c')]), 400, all));
    expect(back.get('a')).toMatchObject({ since: 100, batch: 5 });
    expect(back.get('b')).toMatchObject({ since: 400, batch: 0 });
  });

  it('learns nothing from an entry that could not be looked at: the file it was is known again afterwards', () => {
    const unknown: Entry = {
      name: 'a',
      kind: 'unreadable',
      size: 0,
      mtimeNs: 0n,
      ctimeNs: 0n,
      ino: 0n,
      error: 'EACCES',
    };
    const first = inBatch(mergeLook(undefined, lookOf([file('a')]), 100, all), ['a'], 5);
    const blip = mergeLook(first, lookOf([unknown]), 200, all);
    const second = mergeLook(blip, lookOf([unknown]), 300, all);
    expect(factsOf(second).get('a')?.batch).toBe(0);
    expect(factsOf(mergeLook(second, lookOf([file('a')]), 400, all)).get('a')).toMatchObject({
      since: 100,
      batch: 5,
    });
    expect(factsOf(mergeLook(second, lookOf([file('a', 2)]), 400, all)).get('a')).toMatchObject({
      batch: 0,
      prior: 5,
    });
  });

  it('does not keep a file back for as long as the clock was ahead', () => {
    const ahead = mergeLook(undefined, lookOf([file('a')]), 999_999, all);
    expect(factsOf(mergeLook(ahead, lookOf([file('a'), file('b')]), 100, all)).get('a')?.since).toBe(100);
  });

  it('never loses which batch holds an unchanged file, whatever sequence of looks comes', () => {
    const names = ['a', 'b', 'c', 'ä', 'z'];
    const step = fc.record({ present: fc.subarray(names), plan: fc.subarray(names) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let row: DirRow | undefined;
        let no = 0;
        const holder = new Map<string, number>();
        for (const [at, { present, plan }] of steps.entries()) {
          row = mergeLook(row, lookOf(present.map((name) => file(name))), at + 1, all);
          const facts = factsOf(row);
          expect([...facts.keys()].sort()).toEqual([...present].sort());
          for (const [name, of] of facts) expect(of.batch).toBe(holder.get(name) ?? 0);
          const planned = plan.filter((name) => facts.get(name)?.batch === 0);
          no += 1;
          row = inBatch(row, planned, no);
          for (const name of planned) holder.set(name, no);
        }
      }),
    );
  });
});

describe('facts', () => {
  it('come back as they were packed', () => {
    const facts = fc.record({
      since: fc.integer({ min: 0, max: 2 ** 45 }),
      batch: fc.nat(2 ** 31),
      prior: fc.nat(2 ** 31),
      mark: fc.constantFrom('none' as const, 'unreadable' as const),
    });
    fc.assert(
      fc.property(fc.array(facts), (list) => {
        expect(decodeFacts(encodeFacts(list))).toEqual(list);
      }),
    );
  });
});
