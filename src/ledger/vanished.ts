import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import { decodeListing } from '../core/listing.ts';
import type { Entry } from '../core/model.ts';
import { decodeBytes, encodeBytes, pathOfSortKey, type SharePath } from '../core/share-path.ts';
import { isSameTime } from '../core/untouched.ts';
import { bytesOf } from './bytes-of.ts';
import { decodeFacts } from './facts.ts';
import { createGoneEntries, type Known } from './gone.ts';

/** A file that a batch holds and that the last whole walk did not find at its place any more. */
export type Source = { readonly was: SharePath; readonly batch: number };

/** What has vanished and has a name and size of a fresh file, on disk and not in memory. Dispose of it soon. */
export type Vanished = Disposable & {
  /** True when nothing has: then nothing can have moved. */
  readonly isEmpty: boolean;
  readonly sourcesOf: (file: Pick<Entry, 'name' | 'size' | 'mtimeNs'>) => Source[];
  /** A source can be found again in one place only. */
  readonly take: (name: string, source: Source) => void;
};

/**
 * Gathers, for a share that the run has walked whole, what is gone from it: directories that the walk did not come
 * by, and entries that their directory lists no more. What lies out of reach of the walk is unknown, not gone. Only
 * what could be one of the fresh files is kept.
 */
export function gatherVanished(
  db: DatabaseSync,
  share: ShareName,
  runNo: number,
  fresh: Iterable<Pick<Entry, 'name' | 'size'>>,
): Vanished {
  drop(db);
  db.exec(`CREATE TEMP TABLE fresh (name BLOB, size INTEGER, PRIMARY KEY (name, size)) WITHOUT ROWID;
    CREATE TEMP TABLE vanished (name BLOB, size INTEGER, mtime TEXT, was BLOB, batch INTEGER);`);
  const isKept = fillFresh(db, fresh);
  let isEmpty = true;
  const put = db.prepare('INSERT INTO vanished (name, size, mtime, was, batch) VALUES (?, ?, ?, ?, ?)');
  const keep = (was: Uint8Array, { entry, facts }: Known): void => {
    if (entry.kind !== 'file' || facts.batch === 0 || facts.mark === 'left' || !isKept(entry)) return;
    put.run(encodeBytes(entry.name), entry.size, String(entry.mtimeNs), was, facts.batch);
    isEmpty = false;
  };
  for (const [was, known] of entriesGone(db, share, runNo)) keep(was, known);
  db.exec('CREATE INDEX temp.vanished_by_name ON vanished (name, size)');
  return {
    isEmpty,
    ...lookups(db),
    [Symbol.dispose]: () => drop(db),
  };
}

/** True when the share has lost anything at all since the run before: a cheap question for most evenings. */
export function hasVanished(db: DatabaseSync, share: ShareName, runNo: number): boolean {
  const dir = db.prepare('SELECT 1 FROM dir WHERE share = ? AND run < ? LIMIT 1').get(share, runNo);
  if (dir !== undefined) return true;
  const gone = 'SELECT 1 FROM gone JOIN dir ON dir.id = gone.dir WHERE dir.share = ? LIMIT 1';
  return db.prepare(gone).get(share) !== undefined;
}

const drop = (db: DatabaseSync): void =>
  db.exec('DROP TABLE IF EXISTS temp.fresh; DROP TABLE IF EXISTS temp.vanished');

function fillFresh(
  db: DatabaseSync,
  fresh: Iterable<Pick<Entry, 'name' | 'size'>>,
): (entry: Entry) => boolean {
  const put = db.prepare('INSERT OR IGNORE INTO fresh (name, size) VALUES (?, ?)');
  for (const { name, size } of fresh) put.run(encodeBytes(name), size);
  const has = db.prepare('SELECT 1 FROM fresh WHERE name = ? AND size = ?');
  return ({ name, size }) => has.get(encodeBytes(name), size) !== undefined;
}

/** Each with the bytes of the directory's path. */
function* entriesGone(
  db: DatabaseSync,
  share: ShareName,
  runNo: number,
): Generator<readonly [Uint8Array, Known]> {
  const dirs = db.prepare('SELECT id, key, run FROM dir WHERE share = ? AND unknown < ?').all(share, runNo);
  const packed = db.prepare('SELECT listing, facts FROM dir WHERE id = ?');
  const gone = createGoneEntries(db);
  for (const { id, key, run } of dirs) {
    const was = encodeBytes(pathOfSortKey(bytesOf(key)));
    for (const known of gone.all(Number(id))) yield [was, known];
    if (Number(run) >= runNo) continue;
    const row = packed.get(Number(id)) ?? {};
    const facts = decodeFacts(bytesOf(row['facts']));
    for (const [index, entry] of decodeListing(bytesOf(row['listing'])).entries()) {
      const of = facts[index];
      if (of !== undefined) yield [was, { entry, facts: of }];
    }
  }
}

function lookups(db: DatabaseSync): Pick<Vanished, 'sourcesOf' | 'take'> {
  const find = db.prepare(
    'SELECT mtime, was, batch FROM vanished WHERE name = ? AND size = ? ORDER BY was, batch',
  );
  const take = db.prepare('DELETE FROM vanished WHERE name = ? AND batch = ? AND was = ?');
  return {
    sourcesOf: ({ name, size, mtimeNs }) =>
      find
        .all(encodeBytes(name), size)
        .filter((row) => isSameTime(BigInt(String(row['mtime'])), mtimeNs))
        .map((row) => ({
          was: decodeBytes(bytesOf(row['was'])) as SharePath,
          batch: Number(row['batch']),
        })),
    take: (name, { was, batch }) => void take.run(encodeBytes(name), batch, encodeBytes(was)),
  };
}
