import type { DatabaseSync } from 'node:sqlite';
import type { ListedFile } from '../core/account.ts';
import type { DestinationName, OwnerId } from '../core/ids.ts';
import { inTransaction } from './transaction.ts';

/** An owner's account at a destination. */
export type AccountAt = { readonly owner: OwnerId; readonly destination: DestinationName };

/** Why an account could not be looked through. `waits`: new data of its owner is not sent meanwhile. */
export type AccountUnknown = {
  readonly why: string;
  /** ms since 1970. */
  readonly since: number;
  readonly runs: number;
  readonly waits: boolean;
};

/** What is known of the accounts of owners at destinations, beside what we sent there. */
export function createAccounts(db: DatabaseSync) {
  return { ...ourContainersIn(db), ...listingsIn(db), ...unknownIn(db) };
}

function ourContainersIn(db: DatabaseSync) {
  return {
    /** Containers that we made there, or sent into. */
    ourContainers: (destination: DestinationName): Set<string> =>
      new Set(
        db
          .prepare(
            `SELECT json_extract(remote, '$.id') AS id FROM container WHERE destination = ?1
             UNION SELECT json_extract(container, '$.id') FROM batch WHERE destination = ?1 AND container IS NOT NULL`,
          )
          .all(destination)
          .map(({ id }) => String(id)),
      ),
  };
}

type Stamped = { readonly id: string; readonly stamp: string };
/** `stamp`: what the container had then. */
export type StoredListing = { readonly stamp: string; readonly files: readonly ListedFile[] | null };

function listingsIn(db: DatabaseSync) {
  const find = db.prepare(
    'SELECT stamp, files FROM account_listing WHERE destination = ? AND owner = ? AND id = ?',
  );
  return {
    /** The newest listing of a container; null: too many files; undefined: it was never listed. */
    listing: ({ destination, owner }: AccountAt, id: string): StoredListing | undefined => {
      const row = find.get(destination, owner, id);
      if (row === undefined) return undefined;
      const files = row['files'] === null ? null : (JSON.parse(String(row['files'])) as ListedFile[]);
      return { stamp: String(row['stamp']), files };
    },

    saveListing: (
      { destination, owner }: AccountAt,
      { id, stamp }: Stamped,
      listed: { readonly files: readonly ListedFile[] | null; readonly at: number },
    ): void =>
      inTransaction(db, () => {
        const files = listed.files === null ? null : JSON.stringify(listed.files);
        db.prepare(
          'INSERT OR REPLACE INTO account_listing (destination, owner, id, stamp, files, at) VALUES (?, ?, ?, ?, ?, ?)',
        ).run(destination, owner, id, stamp, files, listed.at);
      }),

    /** Forgets the listings of containers that the account has no more. */
    keepOnly: ({ destination, owner }: AccountAt, ids: readonly string[]): void =>
      inTransaction(db, () => {
        db.prepare(
          'DELETE FROM account_listing WHERE destination = ? AND owner = ? AND id NOT IN (SELECT value FROM json_each(?))',
        ).run(destination, owner, JSON.stringify(ids));
      }),
  };
}

type Failed = {
  readonly why: string;
  readonly at: number;
  readonly runNo: number;
  readonly sendsIn: number;
};

function unknownIn(db: DatabaseSync) {
  const find = db.prepare(
    'SELECT why, since, run, runs, waits FROM account_unknown WHERE destination = ? AND owner = ?',
  );
  return {
    unknown: ({ destination, owner }: AccountAt): AccountUnknown | undefined => {
      const row = find.get(destination, owner);
      if (row === undefined) return undefined;
      const { why, since, runs, waits } = row;
      return { why: String(why), since: Number(since), runs: Number(runs), waits: waits === 1 };
    },

    /** It could not be looked through in this run. In the run number `sendsIn` of such, one after the other, nothing waits. */
    markUnknown: ({ destination, owner }: AccountAt, { why, at, runNo, sendsIn }: Failed): void =>
      inTransaction(db, () => {
        const before = find.get(destination, owner);
        const runs = Number(before?.['runs'] ?? 0) + (before?.['run'] === runNo ? 0 : 1);
        const since = Number(before?.['since'] ?? at);
        db.prepare(
          'INSERT OR REPLACE INTO account_unknown (destination, owner, why, since, run, runs, waits) VALUES (?, ?, ?, ?, ?, ?, ?)',
        ).run(destination, owner, why, since, runNo, runs, runs < sendsIn ? 1 : 0);
      }),

    markKnown: ({ destination, owner }: AccountAt): void =>
      inTransaction(db, () => {
        db.prepare('DELETE FROM account_unknown WHERE destination = ? AND owner = ?').run(destination, owner);
      }),

    /** Forgets the failed looks into accounts that nobody looks into any more: nothing may wait for those. */
    keepUnknown: (isMeant: (at: AccountAt) => boolean): void =>
      inTransaction(db, () => {
        const forget = db.prepare('DELETE FROM account_unknown WHERE destination = ? AND owner = ?');
        for (const row of db.prepare('SELECT destination, owner FROM account_unknown').all()) {
          const destination = row['destination'] as DestinationName;
          const owner = row['owner'] as OwnerId;
          if (!isMeant({ destination, owner })) forget.run(destination, owner);
        }
      }),
  };
}
