import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import { decodeListing } from '../core/listing.ts';
import type { DirLook, Entry } from '../core/model.ts';
import { nameOf, parentOf, pathOfSortKey, type SharePath, sortKey } from '../core/share-path.ts';
import { type BatchState, isDelivered } from '../core/states.ts';
import { decodeFacts, encodeFacts, type Facts, type Mark } from './facts.ts';
import { mergeLook } from './merge-look.ts';
import { inTransaction } from './transaction.ts';

/** One entry with what is known of it. `lookedAt`: ms since 1970, our clock, of the newest look. */
export type KnownEntry = {
  readonly entry: Entry;
  readonly facts: Facts;
};
export type KnownDir = {
  readonly dir: SharePath;
  readonly lookedAt: number;
  readonly entries: readonly KnownEntry[];
};

export type Looks = ReturnType<typeof createLooks>;

/** The looks at a share, a packed row a directory. */
export function createLooks(db: DatabaseSync) {
  const find = db.prepare('SELECT id, listing, facts, gone, open FROM dir WHERE share = ? AND key = ?');
  const touch = db.prepare('UPDATE dir SET looked_at = ?, run = ? WHERE id = ?');
  const put = db.prepare(
    `INSERT INTO dir (share, key, listing, facts, gone, files, bytes, open, looked_at, run)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (share, key) DO UPDATE SET listing = excluded.listing, facts = excluded.facts, gone = excluded.gone,
       files = excluded.files, bytes = excluded.bytes, open = excluded.open, looked_at = excluded.looked_at,
       run = excluded.run`,
  );
  const batchState = db.prepare('SELECT state, addendum FROM batch WHERE no = ?');

  /** A batch whose files reached the destination, or may be on their way there: the next version is an addendum. */
  const keepsPrior = (no: number): boolean => {
    const row = batchState.get(no);
    if (row === undefined) return false;
    const state = String(row['state']) as BatchState;
    return isDelivered(state) || state === 'delivering' || state === 'queued' || row['addendum'] === 1;
  };

  const recordOne = (share: ShareName, look: DirLook, at: number, runNo: number): void => {
    const key = sortKey(look.dir);
    const row = find.get(share, key);
    const known =
      row === undefined
        ? undefined
        : { listing: bytesOf(row['listing']), facts: bytesOf(row['facts']), gone: nullable(row['gone']) };
    if (row !== undefined && known !== undefined && look.listing.equals(known.listing)) {
      touch.run(at, runNo, Number(row['id']));
      return;
    }
    const merged = mergeLook(known, look, at, keepsPrior);
    const { listing, facts, gone, open } = merged;
    put.run(share, key, listing, facts, gone, look.files, look.bytes, open, at, runNo);
  };

  return {
    /** Records looks taken at `at` (ms, our clock) in one transaction. */
    record: (share: ShareName, looks: readonly DirLook[], at: number, runNo: number): void =>
      inTransaction(db, () => {
        for (const look of looks) recordOne(share, look, at, runNo);
      }),

    /** Directories with entries that no batch holds, in path order; `below` narrows to a directory and what is in it. */
    open: (share: ShareName, runNo?: number): Generator<KnownDir> =>
      knownDirs(db, share, 'AND open > 0', runNo),

    /** Every directory, in path order; with `runNo` only those that run looked at. */
    all: (share: ShareName, runNo?: number): Generator<KnownDir> => knownDirs(db, share, '', runNo),

    /** What the scanner counted in the directories a run looked at; the balance is held against this. */
    seen: (share: ShareName, runNo: number): { files: number; bytes: number; dirs: number } => {
      const row = db
        .prepare(
          'SELECT count(*) AS dirs, sum(files) AS files, sum(bytes) AS bytes FROM dir WHERE share = ? AND run = ?',
        )
        .get(share, runNo);
      return {
        dirs: Number(row?.['dirs'] ?? 0),
        files: Number(row?.['files'] ?? 0),
        bytes: Number(row?.['bytes'] ?? 0),
      };
    },

    /** Number of the newest run that looked at the share; 0 = none did. */
    lastRun: (share: ShareName): number =>
      Number(db.prepare('SELECT max(run) AS run FROM dir WHERE share = ?').get(share)?.['run'] ?? 0),

    /** As if everything looked at `at` just as it did at the last look: what `plan` assumes of the rest of the evening. */
    assumeQuiet: (share: ShareName, runNo: number, at: number): void => {
      db.prepare('UPDATE dir SET looked_at = ? WHERE share = ? AND run = ?').run(at, share, runNo);
    },

    /** The entry at a path, or undefined when no look has seen it. */
    find: (share: ShareName, path: SharePath): (KnownEntry & { lookedAt: number }) | undefined => {
      const row = db
        .prepare('SELECT key, listing, facts, looked_at FROM dir WHERE share = ? AND key = ?')
        .get(share, sortKey(parentOf(path)));
      if (row === undefined) return undefined;
      const known = knownDir(row);
      const found = known.entries.find(({ entry }) => entry.name === nameOf(path));
      return found === undefined ? undefined : { ...found, lookedAt: known.lookedAt };
    },

    /** Writes that batch `no` holds these paths, or (0) that no batch does; paths grouped by directory by us. */
    assign: (share: ShareName, paths: readonly SharePath[], change: (facts: Facts) => Facts): void =>
      assignFacts(db, share, paths, change),

    /** Clears the marks of a kind, so that the next plan tries those files again. */
    clearMarks: (share: ShareName, mark: Mark): void =>
      inTransaction(db, () => {
        for (const { dir, entries } of [...knownDirs(db, share, 'AND open > 0', undefined)]) {
          const marked = entries.filter(({ facts }) => facts.mark === mark);
          if (marked.length === 0) continue;
          const paths = marked.map(
            ({ entry }) => (dir === '' ? entry.name : `${dir}/${entry.name}`) as SharePath,
          );
          assignFacts(db, share, paths, (facts) => ({ ...facts, mark: 'none' }));
        }
      }),
  };
}

function assignFacts(
  db: DatabaseSync,
  share: ShareName,
  paths: readonly SharePath[],
  change: (facts: Facts) => Facts,
): void {
  const find = db.prepare('SELECT id, listing, facts FROM dir WHERE share = ? AND key = ?');
  const write = db.prepare('UPDATE dir SET facts = ?, open = ? WHERE id = ?');
  const byDir = Map.groupBy(paths, parentOf);
  for (const [dir, inDir] of byDir) {
    const row = find.get(share, sortKey(dir));
    if (row === undefined) continue;
    const names = new Set(inDir.map(nameOf));
    const entries = decodeListing(bytesOf(row['listing']));
    const facts = decodeFacts(bytesOf(row['facts'])).map((of, index) =>
      names.has(entries[index]?.name ?? '') ? change(of) : of,
    );
    write.run(encodeFacts(facts), facts.filter(({ batch }) => batch === 0).length, Number(row['id']));
  }
}

function* knownDirs(
  db: DatabaseSync,
  share: ShareName,
  where: string,
  runNo: number | undefined,
): Generator<KnownDir> {
  // Pages by key instead of one open cursor: rows may be written while the caller goes through them.
  const ofRun = runNo === undefined ? '' : `AND run = ${Number(runNo)}`;
  const page = db.prepare(
    `SELECT key, listing, facts, looked_at FROM dir WHERE share = ? AND key > ? ${where} ${ofRun} ORDER BY key LIMIT 500`,
  );
  const root = db.prepare(
    `SELECT key, listing, facts, looked_at FROM dir WHERE share = ? AND key = x'' ${where} ${ofRun}`,
  );
  const first = root.get(share);
  if (first !== undefined) yield knownDir(first);
  for (let after: Uint8Array = Buffer.alloc(0); ; ) {
    const rows = page.all(share, after);
    for (const row of rows) yield knownDir(row);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = bytesOf(last['key']);
  }
}

function knownDir(row: Record<string, unknown>): KnownDir {
  const facts = decodeFacts(bytesOf(row['facts']));
  const entries = decodeListing(bytesOf(row['listing'])).flatMap((entry, index) => {
    const of = facts[index];
    return of === undefined ? [] : [{ entry, facts: of }];
  });
  return { dir: pathOfSortKey(bytesOf(row['key'])), lookedAt: Number(row['looked_at']), entries };
}

export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError('the ledger holds no bytes where it must');
}

const nullable = (value: unknown): Uint8Array | null => (value === null ? null : bytesOf(value));
