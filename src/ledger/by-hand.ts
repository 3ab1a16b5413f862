import type { DatabaseSync } from 'node:sqlite';
import type { DestinationName, OwnerId, ShareName } from '../core/ids.ts';
import { decodeBytes, encodeBytes, printable, type SharePath } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import { bytesOf } from './bytes-of.ts';
import type { StoredContainer } from './containers.ts';
import { recordEvent } from './events.ts';
import type { DatasetAt } from './first-batch.ts';
import { inTransaction } from './transaction.ts';

/** A dataset that was found in a container which its owner filled by hand: all of it, or only some of its files. */
export type ByHand = DatasetAt & {
  /** `same`: all of it, and its bytes were compared. */
  readonly kind: 'all' | 'same' | 'some';
  readonly container: StoredContainer;
  /** The directory in it below which it lies; '' is its root. */
  readonly below: string;
  /** What was found, of so many. */
  readonly files: number;
  readonly bytes: number;
  readonly ofFiles: number;
};
export type FoundByHand = ByHand & { readonly at: number };

export function createByHand(db: DatabaseSync) {
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
             of_files = excluded.of_files, at = excluded.at, run = excluded.run
             WHERE excluded.kind <> 'some' OR by_hand.kind = 'some'`,
        ).run(...keyOf(found), kind, JSON.stringify(container), below, files, bytes, ofFiles, at, runNo);
        if (kind !== 'some') recordEvent(db, { at, what: 'dataset.by-hand', detail: detailOf(found) });
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

const keyOf = ({ share, dataset, owner, destination }: DatasetAt) =>
  [share, encodeBytes(dataset), owner, destination] as const;

/** What it was known by, for a person. */
export const byWhat = ({ kind }: Pick<ByHand, 'kind'>): string =>
  kind === 'same' ? 'name, size and content' : 'name and size';

function detailOf(found: ByHand): string {
  const { share, dataset, owner, container, files } = found;
  return `${share}:${printable(dataset)} of ${owner}: ${count(files, 'file')} by ${byWhat(found)} in ${container.name} (${container.location}): not sent`;
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
  };
}
