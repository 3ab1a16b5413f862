import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import { decodeListing } from '../core/listing.ts';
import type { DirLook, Entry } from '../core/model.ts';
import { sortKey } from '../core/share-path.ts';
import { bytesOf } from './bytes-of.ts';
import { decodeFacts, encodeFacts } from './facts.ts';
import { sameLook } from './merge-look.ts';
import { inTransaction } from './transaction.ts';

/**
 * Looks that events brought about, taken during the day: for each directory its newest one, and since when each entry
 * has looked like that. They stand apart from `dir`, so that the last run's report stays true, and say one thing only:
 * that at that time the entry already looked like this. The evening takes that time over for what is new to it.
 */
export class EarlyLooks {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Records looks taken at `at` (ms, our clock) in one transaction. */
  record(share: ShareName, looks: readonly DirLook[], at: number): void {
    const find = this.#db.prepare('SELECT listing, since FROM early_look WHERE share = ? AND key = ?');
    const drop = this.#db.prepare('DELETE FROM early_look WHERE share = ? AND key = ?');
    const put = this.#db.prepare(
      `INSERT INTO early_look (share, key, listing, since) VALUES (?, ?, ?, ?)
       ON CONFLICT (share, key) DO UPDATE SET listing = excluded.listing, since = excluded.since`,
    );
    inTransaction(this.#db, () => {
      for (const { dir, listing } of looks) {
        const key = sortKey(dir);
        const known = knownTimes(find.get(share, key));
        if (listing.length === 0) drop.run(share, key);
        else put.run(share, key, listing, timesAfter(known, listing, at));
      }
    });
  }

  /** How many directories of the share have one. */
  count(share: ShareName): number {
    const row = this.#db.prepare('SELECT count(*) AS n FROM early_look WHERE share = ?').get(share);
    return Number(row?.['n']);
  }

  /** Removes those of a share: the evening has looked at everything, and knows what they said. */
  forget(share: ShareName): void {
    inTransaction(this.#db, () => {
      this.#db.prepare('DELETE FROM early_look WHERE share = ?').run(share);
    });
  }
}

/** A directory as a look of the evening found it at `at`. */
export type FoundDir = {
  readonly key: Uint8Array;
  readonly listing: Uint8Array;
  readonly facts: Buffer;
  readonly at: number;
};

/** Gives facts in which what is new to the evening begins at the early look that already saw it like that. */
export function earlierTimes(db: DatabaseSync, share: ShareName): (found: FoundDir) => Buffer {
  const find = db.prepare('SELECT listing, since FROM early_look WHERE share = ? AND key = ?');
  const any = db.prepare('SELECT 1 FROM early_look WHERE share = ? LIMIT 1').get(share);
  if (any === undefined) return ({ facts }) => facts;
  return ({ key, listing, facts, at }) => {
    const known = knownTimes(find.get(share, key));
    if (known === undefined) return facts;
    const entries = decodeListing(listing);
    const earlier = decodeFacts(facts).map((of, index) => {
      const entry = entries[index];
      if (entry === undefined || of.since !== at || of.batch !== 0) return of;
      return { ...of, since: Math.min(at, since(known, entry) ?? at) };
    });
    return encodeFacts(earlier);
  };
}

/** Each entry by its name, with the time since when it has looked like that. */
type Times = ReadonlyMap<string, { readonly entry: Entry; readonly since: number }>;

function since(times: Times | undefined, entry: Entry): number | undefined {
  const known = times?.get(entry.name);
  return known !== undefined && sameLook(known.entry, entry) ? known.since : undefined;
}

function knownTimes(row: Record<string, unknown> | undefined): Times | undefined {
  if (row === undefined) return undefined;
  const bytes = bytesOf(row['since']);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Map(
    decodeListing(bytesOf(row['listing'])).map((entry, index) => [
      entry.name,
      { entry, since: view.getFloat64(8 * index, true) },
    ]),
  );
}

/** f64 for each entry of the listing, in its order. A clock that was ahead at an earlier look does not count. */
function timesAfter(known: Times | undefined, listing: Uint8Array, at: number): Buffer {
  const entries = decodeListing(listing);
  const bytes = Buffer.alloc(8 * entries.length);
  for (const [index, entry] of entries.entries())
    bytes.writeDoubleLE(Math.min(at, since(known, entry) ?? at), 8 * index);
  return bytes;
}
