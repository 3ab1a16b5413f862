import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeListing, encodeListing } from '../../../src/core/listing.ts';
import type { DirLook, Entry } from '../../../src/core/model.ts';
import type { SharePath } from '../../../src/core/share-path.ts';
import { decodeFacts, encodeFacts, type Facts } from '../../../src/ledger/facts.ts';
import type { Known } from '../../../src/ledger/gone.ts';
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

type Row = DirRow & { readonly open: number; readonly gone: ReadonlyMap<string, Known> };

/** A look after a row, with what is gone kept as the ledger keeps it. */
function merged(row: Row | undefined, look: DirLook, at: number, keepsPrior: () => boolean): Row {
  const gone = new Map(row?.gone);
  const next = mergeLook(row, look, at, { keepsPrior, findGone: (name) => gone.get(name) });
  for (const name of next.returned) gone.delete(name);
  for (const known of next.vanished) gone.set(known.entry.name, known);
  return { ...next, gone };
}

/** The directory after a look, as facts by name. */
function factsOf(row: DirRow): Map<string, Facts> {
  const facts = decodeFacts(row.facts);
  return new Map(decodeListing(row.listing).map(({ name }, at) => [name, facts[at] ?? never()]));
}
function never(): never {
  throw new Error('a listing and its facts differ in length');
}
/** As the planner does: batch `no` holds these names. */
function inBatch(row: Row, names: readonly string[], no: number): Row {
  const entries = decodeListing(row.listing);
  const facts = decodeFacts(row.facts).map((of, at) =>
    names.includes(entries[at]?.name ?? '') ? { ...of, batch: no } : of,
  );
  return { ...row, facts: encodeFacts(facts) };
}

describe('mergeLook', () => {
  it('starts the time of a file at its first look', () => {
    expect(factsOf(merged(undefined, lookOf([file('a')]), 100, all)).get('a')).toEqual({
      since: 100,
      batch: 0,
      prior: 0,
      mark: 'none',
    });
  });

  it('keeps the time of a file that looks the same, whatever happens beside it', () => {
    const first = merged(undefined, lookOf([file('a')]), 100, all);
    const second = merged(first, lookOf([file('a'), file('b')]), 200, all);
    expect(factsOf(second).get('a')?.since).toBe(100);
    expect(factsOf(second).get('b')?.since).toBe(200);
  });

  it('starts again when a file grew, and remembers the batch that has its earlier version', () => {
    const first = inBatch(merged(undefined, lookOf([file('a')]), 100, all), ['a'], 5);
    const second = merged(first, lookOf([file('a', 2)]), 200, all);
    expect(factsOf(second).get('a')).toEqual({ since: 200, batch: 0, prior: 5, mark: 'none' });
    expect(second.open).toBe(1);
  });

  it('forgets a batch whose files never reached a destination', () => {
    const first = inBatch(merged(undefined, lookOf([file('a')]), 100, all), ['a'], 5);
    expect(factsOf(merged(first, lookOf([file('a', 2)]), 200, () => false)).get('a')?.prior).toBe(0);
  });

  it('takes a delivered file with a new inode and ctime for the same file: a remount sends nothing again', () => {
    const first = inBatch(merged(undefined, lookOf([file('a')]), 100, all), ['a'], 5);
    const second = merged(first, lookOf([{ ...file('a'), ino: 99n, ctimeNs: 99n }]), 200, all);
    expect(factsOf(second).get('a')).toMatchObject({ since: 100, batch: 5 });
  });

  it('trap 6: takes an mtime that differs by two seconds at most, with all else the same, for the same', () => {
    const first = merged(undefined, lookOf([file('a', 1), file('b', 2)]), 100, all);
    const jittered = [
      { ...file('a', 1), mtimeNs: 2_000_000_001n },
      { ...file('b', 2), mtimeNs: 2_000_000_003n },
    ];
    const second = factsOf(merged(first, lookOf(jittered), 200, all));
    expect(second.get('a')?.since).toBe(100);
    expect(second.get('b')?.since).toBe(200);
  });

  it('trap 6: takes no write for jitter: a write moves the ctime, or the size', () => {
    const first = merged(undefined, lookOf([file('a'), file('b'), file('c')]), 100, all);
    const written = [
      { ...file('a'), mtimeNs: 2n, ctimeNs: 2n },
      { ...file('b'), mtimeNs: 2n, size: 11 },
      { ...file('c'), mtimeNs: 2n, ino: 8n },
    ];
    const second = factsOf(merged(first, lookOf(written), 200, all));
    expect([...second.values()].map(({ since }) => since)).toEqual([200, 200, 200]);
  });

  it('marks a delivered file that only has another time, so that its content decides', () => {
    const first = inBatch(merged(undefined, lookOf([file('a'), file('b')]), 100, all), ['a'], 5);
    const later = 9_000_000_000n;
    const retimed = [
      { ...file('a'), mtimeNs: later, ctimeNs: later },
      { ...file('b'), mtimeNs: later, ctimeNs: later },
    ];
    const second = merged(first, lookOf(retimed), 200, all);
    expect(factsOf(second).get('a')).toEqual({ since: 200, batch: 0, prior: 5, mark: 'retimed' });
    expect(factsOf(second).get('b')?.mark).toBe('none');
    const grown = merged(second, lookOf([file('a', 3)]), 300, all);
    expect(factsOf(grown).get('a')).toEqual({ since: 300, batch: 0, prior: 5, mark: 'none' });
  });

  it('settles an undelivered file anew when its ctime moves: it may have been rewritten with its old mtime', () => {
    const first = merged(undefined, lookOf([file('a')]), 100, all);
    expect(factsOf(merged(first, lookOf([{ ...file('a'), ctimeNs: 99n }]), 200, all)).get('a')?.since).toBe(
      200,
    );
  });

  it('knows a delivered file again that was away for some looks', () => {
    const first = inBatch(merged(undefined, lookOf([file('a'), file('b')]), 100, all), ['a'], 5);
    const away = merged(first, lookOf([]), 200, all);
    const stillAway = merged(away, lookOf([file('c')]), 300, all);
    const back = factsOf(merged(stillAway, lookOf([file('a'), file('b'), file('c')]), 400, all));
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
    const first = inBatch(merged(undefined, lookOf([file('a')]), 100, all), ['a'], 5);
    const blip = merged(first, lookOf([unknown]), 200, all);
    const second = merged(blip, lookOf([unknown]), 300, all);
    expect(factsOf(second).get('a')?.batch).toBe(0);
    expect(factsOf(merged(second, lookOf([file('a')]), 400, all)).get('a')).toMatchObject({
      since: 100,
      batch: 5,
    });
    expect(factsOf(merged(second, lookOf([file('a', 2)]), 400, all)).get('a')).toMatchObject({
      batch: 0,
      prior: 5,
    });
  });

  it('remembers since when a file cannot be read, whatever else changes', () => {
    const closed = (size: number): Entry => ({
      ...file('a', size),
      kind: 'unreadable',
      size,
      error: 'EACCES',
    });
    const blind: Entry = { ...closed(0), name: 'b', mtimeNs: 0n, ctimeNs: 0n, ino: 0n };
    const first = merged(undefined, lookOf([closed(1), blind]), 100, all);
    const second = merged(first, lookOf([closed(2), blind, file('c')]), 200, all);
    const open = merged(second, lookOf([file('a', 2), file('b'), file('c')]), 300, all);

    expect([...factsOf(second)].map(([name, { since }]) => [name, since])).toEqual([
      ['a', 100],
      ['b', 100],
      ['c', 200],
    ]);
    expect([...factsOf(open)].map(([name, { since }]) => [name, since])).toEqual([
      ['a', 300],
      ['b', 300],
      ['c', 200],
    ]);
  });

  it('does not keep a file back for as long as the clock was ahead', () => {
    const ahead = merged(undefined, lookOf([file('a')]), 999_999, all);
    expect(factsOf(merged(ahead, lookOf([file('a'), file('b')]), 100, all)).get('a')?.since).toBe(100);
  });

  it('never loses which batch holds an unchanged file, whatever sequence of looks comes', () => {
    const names = ['a', 'b', 'c', 'ä', 'z'];
    const step = fc.record({ present: fc.subarray(names), plan: fc.subarray(names) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let row: Row | undefined;
        let no = 0;
        const holder = new Map<string, number>();
        for (const [at, { present, plan }] of steps.entries()) {
          row = merged(row, lookOf(present.map((name) => file(name))), at + 1, all);
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
      mark: fc.constantFrom('none' as const, 'unreadable' as const, 'retimed' as const),
    });
    fc.assert(
      fc.property(fc.array(facts), (list) => {
        expect(decodeFacts(encodeFacts(list))).toEqual(list);
      }),
    );
  });
});
