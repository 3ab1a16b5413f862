import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import { pathOfSortKey, type SharePath, sortKey } from '../core/share-path.ts';
import { bytesOf } from './bytes-of.ts';
import { inTransaction } from './transaction.ts';

/** A dataset that had not settled at the end of the last run, and how it was when that began. Times in ms since 1970. */
export type Waiting = {
  /** The first run that found it so. */
  readonly since: number;
  readonly nights: number;
  /** The run by which the last night was counted. */
  readonly countedAt: number;
  /** It is so for more nights than is usual: a person should look. */
  readonly overdue: boolean;
  readonly first: Members;
  /** As at the last run that could look. */
  readonly last: Members;
};

/** The members that have not gone. */
export type Members = { readonly files: number; readonly bytes: number };

/** Runs that are nearer to each other count as one night. */
const NIGHT_MS = 12 * 3_600_000;

export function createWaiting(db: DatabaseSync) {
  const all = (share: ShareName): Map<SharePath, Waiting> =>
    new Map(
      db
        .prepare('SELECT * FROM waiting WHERE share = ?')
        .all(share)
        .map((row) => [pathOfSortKey(bytesOf(row['dataset'])), waitingOf(row)]),
    );
  return {
    all,
    /**
     * What has not settled at the end of a run at `at`. What is not among it waits no more and is forgotten, but for
     * what `isUnknown`. `isOverdue` is asked with the nights and since when.
     */
    record: (
      share: ShareName,
      unsettled: ReadonlyMap<SharePath, Members>,
      { at, isUnknown, isOverdue }: Recording,
    ): void =>
      inTransaction(db, () => {
        const known = all(share);
        const forget = db.prepare('DELETE FROM waiting WHERE share = ? AND dataset = ?');
        for (const dataset of known.keys())
          if (!unsettled.has(dataset) && !isUnknown(dataset)) forget.run(share, sortKey(dataset));
        const put = putter(db, share, at);
        for (const [dataset, members] of unsettled) {
          const before = known.get(dataset);
          const isNewNight = before === undefined || at - before.countedAt >= NIGHT_MS;
          const nights = (before?.nights ?? 0) + (isNewNight ? 1 : 0);
          const since = before?.since ?? at;
          const overdue = isOverdue(dataset, { nights, since });
          put(dataset, { nights, overdue, countedAt: isNewNight ? at : before.countedAt, last: members });
        }
      }),
  };
}

type Recording = {
  readonly at: number;
  readonly isUnknown: (dataset: SharePath) => boolean;
  readonly isOverdue: (dataset: SharePath, waiting: Pick<Waiting, 'nights' | 'since'>) => boolean;
};

type Row = Pick<Waiting, 'nights' | 'overdue' | 'last'> & { readonly countedAt: number };

function putter(db: DatabaseSync, share: ShareName, at: number): (dataset: SharePath, row: Row) => void {
  const put = db.prepare(
    `INSERT INTO waiting (share, dataset, since, nights, counted_at, overdue, first_files, first_bytes, files, bytes)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?7, ?8)
     ON CONFLICT (share, dataset) DO UPDATE SET nights = excluded.nights, counted_at = excluded.counted_at,
       overdue = excluded.overdue, files = excluded.files, bytes = excluded.bytes`,
  );
  return (dataset, { nights, overdue, countedAt, last }) => {
    put.run(share, sortKey(dataset), at, nights, countedAt, overdue ? 1 : 0, last.files, last.bytes);
  };
}

function waitingOf(row: Record<string, unknown>): Waiting {
  const number = (name: string): number => Number(row[name]);
  return {
    since: number('since'),
    nights: number('nights'),
    countedAt: number('counted_at'),
    overdue: number('overdue') === 1,
    first: { files: number('first_files'), bytes: number('first_bytes') },
    last: { files: number('files'), bytes: number('bytes') },
  };
}
