import type { DatabaseSync } from 'node:sqlite';
import type { DestinationName, OwnerId, ShareName } from '../core/ids.ts';
import { decodeBytes, encodeBytes, printable, type SharePath } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { AccountAt } from './accounts.ts';
import { bytesOf } from './bytes-of.ts';
import type { StoredContainer } from './containers.ts';
import { recordEvent } from './events.ts';
import type { DatasetAt } from './first-batch.ts';
import { inTransaction } from './transaction.ts';

/** A dataset that was found in a container which its owner filled by hand: all of it, or only some of its files. */
export type ByHand = DatasetAt & {
  /** `same`: all of it, and its bytes were compared; `gone`: it was there, and is not any more. */
  readonly kind: 'all' | 'same' | 'some' | 'gone';
  readonly container: StoredContainer;
  /** The directory in it below which it lies; '' is its root. */
  readonly below: string;
  /** What was found, of so many. */
  readonly files: number;
  readonly bytes: number;
  readonly ofFiles: number;
};
export type FoundByHand = ByHand & {
  readonly at: number;
  /** When it was last seen there, ms since 1970. */
  readonly seenAt: number;
  /** What speaks against it: why nobody could look since, or what is not there any more. */
  readonly why?: string;
  /** It was not there when the last run looked, which another look has to confirm. */
  readonly isMissed: boolean;
};
/** Data that nobody could look for in a run, of one account and for one reason. */
export type Unseen = AccountAt & { readonly datasets: number; readonly why: string };

export function createByHand(db: DatabaseSync) {
  return { ...findsIn(db), ...checksIn(db) };
}

function findsIn(db: DatabaseSync) {
  const find = db.prepare(
    'SELECT * FROM by_hand WHERE share = ? AND dataset = ? AND owner = ? AND destination = ?',
  );
  return {
    /** What was found whole stays so, whatever of it is found later. */
    record: (found: ByHand, at: number, runNo: number): void =>
      inTransaction(db, () => {
        const { kind, container, below, files, bytes, ofFiles } = found;
        db.prepare(
          `INSERT INTO by_hand (share, dataset, owner, destination, kind, container, below, files, bytes, of_files, at, run)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (share, dataset, owner, destination) DO UPDATE SET kind = excluded.kind,
             container = excluded.container, below = excluded.below, files = excluded.files, bytes = excluded.bytes,
             of_files = excluded.of_files, at = excluded.at, run = excluded.run, seen_at = NULL, looked_in = 0, why = NULL, missed_in = NULL
             WHERE excluded.kind <> 'some' OR by_hand.kind = 'some'`,
        ).run(...keyOf(found), kind, JSON.stringify(container), below, files, bytes, ofFiles, at, runNo);
        if (kind !== 'some')
          recordEvent(db, { at, what: 'dataset.by-hand', detail: `${detailOf(found)}: not sent` });
      }),

    find: (of: DatasetAt): FoundByHand | undefined => {
      const row = find.get(...keyOf(of));
      return row === undefined ? undefined : foundIn(row);
    },

    /** What a run found, by share and dataset. */
    ofRun: (runNo: number): FoundByHand[] =>
      db.prepare('SELECT * FROM by_hand WHERE run = ? ORDER BY share, dataset').all(runNo).map(foundIn),
  };
}

/** Looking again for what was found. */
function checksIn(db: DatabaseSync) {
  return {
    /** What is not sent because it was found in an earlier run, and was not looked for in this one. */
    toLookFor: (runNo: number): FoundByHand[] =>
      db
        .prepare(
          `SELECT * FROM by_hand WHERE kind IN ('all', 'same') AND run < ?1 AND looked_in < ?1
           ORDER BY destination, owner, share, dataset`,
        )
        .all(runNo)
        .map(foundIn),

    noteSeen: (of: DatasetAt, { at, runNo }: { readonly at: number; readonly runNo: number }): void =>
      note(db, of, { seenAt: at, why: null, runNo, isMissed: false }),

    noteUnseen: (
      found: readonly FoundByHand[],
      { why, runNo }: { readonly why: string; readonly runNo: number },
    ): void =>
      inTransaction(db, () => {
        for (const one of found) note(db, one, { ...one, why, runNo });
      }),

    /** It is not where it was found: not believed before a second look says so too. */
    noteMissed: (of: FoundByHand, { why, runNo }: { readonly why: string; readonly runNo: number }): void =>
      note(db, of, { seenAt: of.seenAt, why, runNo, isMissed: true }),

    /** It is not there any more: it counts as found in this run, and never keeps anything back. */
    markGone: (found: FoundByHand, { files, why, at, runNo }: Gone): void =>
      inTransaction(db, () => {
        note(db, found, { ...found, why, runNo });
        db.prepare(
          `UPDATE by_hand SET kind = 'gone', files = ?, run = ?
           WHERE share = ? AND dataset = ? AND owner = ? AND destination = ?`,
        ).run(files, runNo, ...keyOf(found));
        const detail = `${detailOf({ ...found, files }, 'was in')}, and ${why}: sent like new data`;
        recordEvent(db, { at, what: 'dataset.by-hand-gone', detail });
      }),

    /** What nobody could look for in a run. */
    unseenIn: (runNo: number): Unseen[] =>
      db
        .prepare(
          `SELECT owner, destination, why, count(*) AS datasets FROM by_hand
           WHERE kind IN ('all', 'same') AND looked_in = ? AND why IS NOT NULL
           GROUP BY owner, destination, why ORDER BY owner, destination, why`,
        )
        .all(runNo)
        .map(({ owner, destination, why, datasets }) => ({
          ...{ owner: String(owner) as OwnerId, destination: String(destination) as DestinationName },
          ...{ why: String(why), datasets: Number(datasets) },
        })),
  };
}

type Gone = { readonly files: number; readonly why: string; readonly at: number; readonly runNo: number };
type Noted = {
  readonly seenAt: number;
  readonly why: string | null;
  readonly runNo: number;
  readonly isMissed: boolean;
};

function note(db: DatabaseSync, of: DatasetAt, { seenAt, why, runNo, isMissed }: Noted): void {
  inTransaction(db, () => {
    db.prepare(
      `UPDATE by_hand SET seen_at = ?, why = ?, looked_in = ?, missed_in = ?
       WHERE share = ? AND dataset = ? AND owner = ? AND destination = ?`,
    ).run(seenAt, why, runNo, isMissed ? runNo : null, ...keyOf(of));
  });
}

const keyOf = ({ share, dataset, owner, destination }: DatasetAt) =>
  [share, encodeBytes(dataset), owner, destination] as const;

/** What it was known by, for a person. */
export const byWhat = ({ kind }: Pick<ByHand, 'kind'>): string =>
  kind === 'same' ? 'name, size and content' : 'name and size';

function detailOf(found: ByHand, where = 'in'): string {
  const { share, dataset, owner, container, files } = found;
  return `${share}:${printable(dataset)} of ${owner}: ${count(files, 'file')} by ${byWhat(found)} ${where} ${container.name} (${container.location})`;
}

function foundIn(row: Record<string, unknown>): FoundByHand {
  return {
    share: String(row['share']) as ShareName,
    dataset: decodeBytes(bytesOf(row['dataset'])) as SharePath,
    owner: String(row['owner']) as OwnerId,
    destination: String(row['destination']) as DestinationName,
    kind: String(row['kind']) as ByHand['kind'],
    container: JSON.parse(String(row['container'])) as StoredContainer,
    below: String(row['below']),
    files: Number(row['files']),
    bytes: Number(row['bytes']),
    ofFiles: Number(row['of_files']),
    at: Number(row['at']),
    seenAt: Number(row['seen_at'] ?? row['at']),
    isMissed: row['missed_in'] !== null,
    ...(typeof row['why'] === 'string' ? { why: row['why'] } : {}),
  };
}
