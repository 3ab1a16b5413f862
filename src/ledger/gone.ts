import type { DatabaseSync } from 'node:sqlite';
import { decodeListing, encodeListing } from '../core/listing.ts';
import type { Entry } from '../core/model.ts';
import { foldedName, safeName } from '../core/safe-name.ts';
import { decodeBytes, encodeBytes } from '../core/share-path.ts';
import { bytesOf } from './bytes-of.ts';
import { decodeFacts, encodeFacts, FACTS_BYTES, type Facts } from './facts.ts';

/** An entry and what was known of it when it was last listed. */
export type Known = { readonly entry: Entry; readonly facts: Facts };

/**
 * The entries that are listed no more but are or were in a batch, one small row each. They are kept as long as the
 * batch is: whatever comes back under the name is known again, or goes beside what was delivered and never over it.
 */
export type GoneEntries = {
  readonly find: (dir: number, name: string) => Known | undefined;
  readonly all: (dir: number) => Generator<Known>;
  /** `at`: when a look first missed them, ms since 1970 by our clock. */
  readonly keep: (dir: number, entries: Iterable<Known>, at: number) => void;
  /** Nothing happens where there is no such entry. */
  readonly change: (dir: number, name: string, change: (facts: Facts) => Facts) => void;
  readonly forget: (dir: number, names: Iterable<string>) => void;
};

export function createGoneEntries(db: DatabaseSync): GoneEntries {
  const find = db.prepare('SELECT known FROM gone WHERE dir = ? AND name = ?');
  const page = db.prepare('SELECT name, known FROM gone WHERE dir = ? AND name > ? ORDER BY name LIMIT 1000');
  const put = db.prepare(
    `INSERT INTO gone (dir, name, known, at, folded) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (dir, name) DO UPDATE SET known = excluded.known`,
  );
  const drop = db.prepare('DELETE FROM gone WHERE dir = ? AND name = ?');
  return {
    find: (dir, name) => {
      const row = find.get(dir, encodeBytes(name));
      return row === undefined ? undefined : unpack(name, bytesOf(row['known']));
    },
    *all(dir) {
      for (let after: Uint8Array = Buffer.alloc(0); ; ) {
        const rows = page.all(dir, after);
        for (const row of rows) yield unpack(decodeBytes(bytesOf(row['name'])), bytesOf(row['known']));
        const last = rows.at(-1);
        if (last === undefined) return;
        after = bytesOf(last['name']);
      }
    },
    keep: (dir, entries, at) => {
      for (const known of entries) {
        const { name } = known.entry;
        put.run(dir, encodeBytes(name), pack(known), at, foldedKey(name));
      }
    },
    change: (dir, name, change) => {
      const key = encodeBytes(name);
      const row = find.get(dir, key);
      if (row === undefined) return;
      const { entry, facts } = unpack(name, bytesOf(row['known']));
      put.run(dir, key, pack({ entry, facts: change(facts) }), 0, foldedKey(name));
    },
    forget: (dir, names) => {
      for (const name of names) drop.run(dir, encodeBytes(name));
    },
  };
}

/** By which the twins of its delivered name are found. */
const foldedKey = (name: string): Buffer => encodeBytes(foldedName(safeName(name)));

/** Without its name, which is the row's key. */
const pack = ({ entry, facts }: Known): Buffer =>
  Buffer.concat([encodeFacts([facts]), encodeListing([{ ...entry, name: '' }])]);

function unpack(name: string, bytes: Uint8Array): Known {
  const [facts] = decodeFacts(bytes.subarray(0, FACTS_BYTES));
  const [entry] = decodeListing(bytes.subarray(FACTS_BYTES));
  if (facts === undefined || entry === undefined) throw new RangeError('a gone entry is damaged');
  return { entry: { ...entry, name }, facts };
}

/** As the first ledgers kept them, all in one value of the directory's row: length of the listing, listing, facts. */
export function decodeOldGone(bytes: Uint8Array): Known[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const facts = decodeFacts(bytes.subarray(4 + length));
  return decodeListing(bytes.subarray(4, 4 + length)).flatMap((entry, index) => {
    const of = facts[index];
    return of === undefined ? [] : [{ entry, facts: of }];
  });
}
