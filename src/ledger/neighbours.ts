import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import { decodeListing, fileNames } from '../core/listing.ts';
import { foldedName, safeName } from '../core/safe-name.ts';
import {
  decodeBytes,
  encodeBytes,
  joinPath,
  pathOfSortKey,
  type SharePath,
  sortKey,
} from '../core/share-path.ts';
import { decodeList } from './batch-row.ts';
import { bytesOf } from './bytes-of.ts';
import { decodeFacts, type Facts } from './facts.ts';
import { givenNames } from './given-names.ts';
import { createGoneEntries, decodeOldGone, type Known } from './gone.ts';

/** One name in a directory. */
export type Neighbour = { readonly name: string; readonly kind: 'file' | 'directory' };

/** `planned`: it or something below it is or was in a batch · `seen`: by the last look · `gone`: neither. */
export type Standing = 'planned' | 'seen' | 'gone';

/** Who has, or may want, which name in a directory. */
export type NamesInDir = {
  /** Data files as last seen, and gone ones that were planned and are twins of what is there. */
  readonly files: readonly string[];
  readonly dirs: readonly string[];
  /** Reads when it is first asked. */
  readonly standing: (neighbour: Neighbour) => Standing;
  /** A gone file was planned under a name that folds so. */
  readonly isGone: (folded: string) => boolean;
};

/** Asked for each directory of an evening: what is needed every time is prepared once. */
export function createNeighbours(db: DatabaseSync) {
  const rowOf = rowReader(db);
  const dirsIn = dirReader(db);
  return {
    given: (share: ShareName): Map<string, string> => givenNames(db, share),
    in: (share: ShareName, dir: SharePath): NamesInDir => {
      const isPlanned = plannedReader(db);
      const row = rowOf(share, dir);
      const listed = row === undefined ? [] : fileNames(row.listing);
      const dirs = [...dirsIn(share, dir)];
      const gone =
        row === undefined
          ? NOTHING_GONE
          : goneIn(db, row, (name, facts) => isPlanned(joinPath(dir, name), facts));
      let standings: ReadonlyMap<string, Standing> | undefined;
      return {
        files: gone === NOTHING_GONE ? listed : [...listed, ...twinsOf(listed, dirs, gone)],
        dirs,
        isGone: (folded) => gone(folded).length > 0,
        standing: ({ name, kind }) => {
          if (kind === 'directory') return standingOfDir(db, share, joinPath(dir, name), isPlanned);
          standings ??= standingsOf(row, (of, facts) => isPlanned(joinPath(dir, of), facts));
          // What is not listed was found among the gone.
          return standings.get(name) ?? 'planned';
        },
      };
    },
  };
}

type DirRow = {
  readonly id: number;
  readonly listing: Uint8Array;
  readonly facts: Uint8Array;
  readonly oldGone: Uint8Array | undefined;
  readonly hasGone: boolean;
};

function rowReader(db: DatabaseSync): (share: ShareName, dir: SharePath) => DirRow | undefined {
  const find = db.prepare(
    `SELECT id, listing, facts, gone, EXISTS (SELECT 1 FROM gone WHERE gone.dir = dir.id) AS has_gone
       FROM dir WHERE share = ? AND key = ?`,
  );
  return (share, dir) => {
    const row = find.get(share, sortKey(dir));
    if (row === undefined) return undefined;
    const { id, listing, facts, gone } = row;
    const oldGone = gone instanceof Uint8Array ? gone : undefined;
    const hasGone = oldGone !== undefined || row['has_gone'] === 1;
    return { id: Number(id), listing: bytesOf(listing), facts: bytesOf(facts), oldGone, hasGone };
  };
}

/** Names of files that are gone but are or were in a batch, by the folded form of their safe name. */
type Gone = (folded: string) => readonly string[];
const NOTHING_GONE: Gone = () => [];

/** A directory may have had millions: only those that could be meant are read. */
function goneIn(db: DatabaseSync, { id, oldGone, hasGone }: DirRow, isPlanned: InDir): Gone {
  if (!hasGone) return NOTHING_GONE;
  const old = oldGone === undefined ? [] : decodeOldGone(oldGone);
  const entries = createGoneEntries(db);
  const find = db.prepare('SELECT name FROM gone WHERE dir = ? AND (folded = ? OR folded IS NULL)');
  return (folded) => {
    const rows = find.all(id, encodeBytes(folded)).map(({ name }) => decodeBytes(bytesOf(name)));
    const known = [...old, ...rows.flatMap((name) => entries.find(id, name) ?? [])];
    return known
      .filter(
        ({ entry, facts }) => foldedName(safeName(entry.name)) === folded && isPlanned(entry.name, facts),
      )
      .map(({ entry }) => entry.name);
  };
}

function twinsOf(listed: readonly string[], dirs: readonly string[], gone: Gone): Set<string> {
  const found = [...listed, ...dirs].flatMap((name) => gone(foldedName(safeName(name))));
  return new Set(found).difference(new Set(listed));
}

/** The names of directories directly below, one step in the index for each, whatever lies in it. */
function dirReader(db: DatabaseSync): (share: ShareName, dir: SharePath) => Generator<string> {
  const next = db.prepare('SELECT key FROM dir WHERE share = ? AND key >= ? ORDER BY key LIMIT 1');
  return function* (share, dir) {
    const above: Buffer = dir === '' ? Buffer.alloc(0) : Buffer.concat([sortKey(dir), LEVEL]);
    for (let from = dir === '' ? LEVEL_END : above; ; ) {
      const row = next.get(share, from);
      const key = row === undefined ? undefined : Buffer.from(bytesOf(row['key']));
      if (key === undefined || !key.subarray(0, above.length).equals(above)) return;
      const end = key.indexOf(LEVEL, above.length);
      const name = key.subarray(above.length, end < 0 ? key.length : end);
      yield decodeBytes(name);
      from = Buffer.concat([above, name, LEVEL_END]);
    }
  };
}

/** Between the names of a key, and the first byte behind everything below a directory. */
const LEVEL = Buffer.from([0]);
const LEVEL_END = Buffer.from([1]);

function standingsOf(row: DirRow | undefined, isPlanned: InDir): ReadonlyMap<string, Standing> {
  if (row === undefined) return new Map();
  const planned = knownOf(row).map(({ entry, facts }): [string, Standing] => [
    entry.name,
    isPlanned(entry.name, facts) ? 'planned' : 'seen',
  ]);
  return new Map(planned);
}

function knownOf({ listing, facts }: Pick<DirRow, 'listing' | 'facts'>): Known[] {
  const all = decodeFacts(facts);
  return decodeListing(listing).flatMap((entry, at) => {
    const of = all[at];
    return of === undefined ? [] : [{ entry, facts: of }];
  });
}

function standingOfDir(db: DatabaseSync, share: ShareName, dir: SharePath, isPlanned: IsPlanned): Standing {
  const key = sortKey(dir);
  const below = [share, key, Buffer.concat([key, LEVEL_END])] as const;
  const rows = db.prepare(
    'SELECT id, key, listing, facts, gone FROM dir WHERE share = ? AND key >= ? AND key < ?',
  );
  const gone = createGoneEntries(db);
  for (const row of rows.iterate(...below)) {
    const at = pathOfSortKey(bytesOf(row['key']));
    const held = ({ entry, facts }: Known): boolean => isPlanned(joinPath(at, entry.name), facts);
    const old = row['gone'] instanceof Uint8Array ? decodeOldGone(row['gone']) : [];
    const listed = knownOf({ listing: bytesOf(row['listing']), facts: bytesOf(row['facts']) });
    if (listed.some(held) || old.some(held) || gone.all(Number(row['id'])).some(held)) return 'planned';
  }
  const seen = db.prepare(
    `SELECT 1 FROM dir WHERE share = ?1 AND key >= ?2 AND key < ?3
       AND run = (SELECT max(run) FROM dir WHERE share = ?1) LIMIT 1`,
  );
  return seen.get(...below) === undefined ? 'gone' : 'seen';
}

/** True when some version of the file was planned under this very path. */
type IsPlanned = (path: SharePath, facts: Facts) => boolean;
type InDir = (name: string, facts: Facts) => boolean;

/** What was only moved here is in a batch too, and so is its earlier version: there the batch's list has to be asked. */
function plannedReader(db: DatabaseSync): IsPlanned {
  const lists = new Map<number, ReadonlySet<SharePath>>();
  const holds = (no: number, path: SharePath): boolean => {
    if (no === 0) return false;
    const row = lists.has(no) ? undefined : db.prepare('SELECT list FROM batch WHERE no = ?').get(no);
    if (row !== undefined) lists.set(no, new Set(decodeList(bytesOf(row['list'])).map((file) => file.path)));
    return lists.get(no)?.has(path) === true;
  };
  return (path, { batch, prior, mark }) =>
    (batch !== 0 && mark !== 'moved') || holds(batch, path) || holds(prior, path);
}
