import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { BatchId, DestinationName, OwnerId, ShareName } from '../core/ids.ts';
import { pathOfSortKey, type SharePath, sortKey } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import { bytesOf } from './bytes-of.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/**
 * Files of one directory that were known again as delivered before. `moved`: their content agrees with what a batch
 * delivered from `was`, and that batch holds them from now on. `retimed`: the same, at the same place, with another
 * time. `given-over`: they look like what was delivered from `was` for another owner or destination; they are sent.
 */
export type Recognised = {
  readonly kind: 'moved' | 'retimed' | 'given-over';
  readonly share: ShareName;
  readonly dir: SharePath;
  readonly was: SharePath;
  /** Number of the batch that delivered them. */
  readonly batch: number;
  readonly files: number;
  readonly bytes: number;
};
export type RecognisedIn = Recognised & {
  readonly at: number;
  readonly batchId: BatchId;
  /** For whom, and where to, they were delivered. */
  readonly owner: OwnerId;
  readonly destination: DestinationName;
};

const COLUMNS =
  'r.kind, r.at, r.share, r.dir, r.was, r.batch, r.files, r.bytes, b.id, b.owner, b.destination FROM recognised r JOIN batch b ON b.no = r.batch';

export function createRecognised(db: DatabaseSync) {
  const into = db.prepare(`SELECT ${COLUMNS} WHERE r.share = ? AND r.dir = ? ORDER BY r.no DESC`);
  const outOf = db.prepare(`SELECT ${COLUMNS} WHERE r.share = ? AND r.was = ? ORDER BY r.no DESC`);
  const wentOn = db.prepare(
    `SELECT ${COLUMNS} WHERE r.share = ? AND r.was = ? AND r.batch = ? ORDER BY r.no DESC`,
  );
  const expected = db.prepare('SELECT was FROM expected WHERE share = ? AND dir = ?');
  return {
    /** Counts further files of a directory into what this run knew again. */
    record: (found: Recognised, at: number, runNo: number): void => {
      const { kind, share, dir, was, batch, files, bytes } = found;
      db.prepare(
        `INSERT INTO recognised (run, at, kind, share, dir, was, batch, files, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (share, dir, was, batch, kind, run) DO UPDATE SET files = files + excluded.files,
           bytes = bytes + excluded.bytes`,
      ).run(runNo, at, kind, share, sortKey(dir), sortKey(was), batch, files, bytes);
      recordEvent(db, { at, batch, what: `delivery.${kind}`, detail: detailOf(found) });
    },

    /** What a run knew again, in the order in which it did. */
    ofRun: (runNo: number): Generator<RecognisedIn> =>
      rowsOf(db.prepare(`SELECT ${COLUMNS} WHERE r.run = ? ORDER BY r.no`).iterate(runNo)),

    /** What was known again in a directory, newest first. */
    into: (share: ShareName, dir: SharePath): RecognisedIn[] => [...rowsOf(into.all(share, sortKey(dir)))],

    /** Every directory that files in `dir`, of one batch or of any, were moved from, the nearest first. */
    cameFrom: (share: ShareName, dir: SharePath, batch?: number): SharePath[] =>
      follow(dir, (at) => movesOf(into.all(share, sortKey(at)), batch).map(({ was }) => was)),

    /** Every directory that a batch's files in `dir` were moved to since, the nearest first. */
    wentTo: (share: ShareName, dir: SharePath, batch: number): SharePath[] =>
      follow(dir, (at) => movesOf(wentOn.all(share, sortKey(at), batch), batch).map((move) => move.dir)),

    /** What of a directory was known again elsewhere, newest first. */
    outOf: (share: ShareName, was: SharePath): RecognisedIn[] => [...rowsOf(outOf.all(share, sortKey(was)))],

    /** The directory whose delivered files those of `dir` may be: their content is compared before they are planned. */
    expect: (share: ShareName, dir: SharePath, was: SharePath): void =>
      inTransaction(db, () => {
        db.prepare('INSERT OR REPLACE INTO expected (share, dir, was) VALUES (?, ?, ?)').run(
          ...[share, sortKey(dir), sortKey(was)],
        );
      }),
    expected: (share: ShareName, dir: SharePath): SharePath | undefined => {
      const row = expected.get(share, sortKey(dir));
      return row === undefined ? undefined : pathOfSortKey(bytesOf(row['was']));
    },
    /** Forgets what is expected of the directories that `isMeant` says no to; answers the others. */
    keepExpected: (
      share: ShareName,
      isMeant: (dir: SharePath) => boolean,
    ): ReadonlyMap<SharePath, SharePath> =>
      inTransaction(db, () => {
        const kept = new Map<SharePath, SharePath>();
        const forget = db.prepare('DELETE FROM expected WHERE share = ? AND dir = ?');
        for (const row of db.prepare('SELECT dir, was FROM expected WHERE share = ?').all(share)) {
          const dir = pathOfSortKey(bytesOf(row['dir']));
          if (isMeant(dir)) kept.set(dir, pathOfSortKey(bytesOf(row['was'])));
          else forget.run(share, bytesOf(row['dir']));
        }
        return kept;
      }),
  };
}

/** Without `dir` itself, however the files went. */
function follow(dir: SharePath, next: (at: SharePath) => readonly SharePath[]): SharePath[] {
  const found = new Set([dir]);
  for (const at of found) for (const one of next(at)) found.add(one);
  return [...found].slice(1);
}

const movesOf = (
  rows: readonly Readonly<Record<string, SQLOutputValue>>[],
  batch: number | undefined,
): { readonly dir: SharePath; readonly was: SharePath }[] =>
  rows
    .filter((row) => row['kind'] === 'moved' && (batch === undefined || row['batch'] === batch))
    .map((row) => ({
      dir: pathOfSortKey(bytesOf(row['dir'])),
      was: pathOfSortKey(bytesOf(row['was'])),
    }));

function detailOf({ kind, dir, was, files }: Recognised): string {
  switch (kind) {
    case 'moved':
      return `${count(files, 'file')} of ${was} are in ${dir} now, with the same content: not sent again`;
    case 'retimed':
      return `${count(files, 'file')} in ${dir} have another time and the same content: not sent again`;
    case 'given-over':
      return `${count(files, 'file')} of ${was} are in ${dir} now, which is not this owner's and destination's: sent anew`;
  }
}

/** Where files lie now that a batch delivered from elsewhere. */
export function dirsMovedInto(db: DatabaseSync, batchNo: number): SharePath[] {
  return db
    .prepare("SELECT DISTINCT dir FROM recognised WHERE batch = ? AND kind = 'moved'")
    .all(batchNo)
    .map((row) => pathOfSortKey(bytesOf(row['dir'])));
}

function* rowsOf(rows: Iterable<Record<string, unknown>>): Generator<RecognisedIn> {
  for (const row of rows)
    yield {
      kind: String(row['kind']) as Recognised['kind'],
      at: Number(row['at']),
      share: String(row['share']) as ShareName,
      dir: pathOfSortKey(bytesOf(row['dir'])),
      was: pathOfSortKey(bytesOf(row['was'])),
      batch: Number(row['batch']),
      files: Number(row['files']),
      bytes: Number(row['bytes']),
      batchId: String(row['id']) as BatchId,
      owner: String(row['owner']) as OwnerId,
      destination: String(row['destination']) as DestinationName,
    };
}
