import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import { decodeListing } from '../core/listing.ts';
import type { DirLook } from '../core/model.ts';
import { joinPath, nameOf, parentOf, type SharePath, sortKey } from '../core/share-path.ts';
import { HEAD_COLUMNS, headOf, mayHaveArrived } from './batch-row.ts';
import { bytesOf } from './bytes-of.ts';
import { earlierTimes } from './early-looks.ts';
import { decodeFacts, encodeFacts, type Facts, isAhead } from './facts.ts';
import { createGoneEntries, decodeOldGone } from './gone.ts';
import { type KnownDir, type KnownEntry, knownDir, knownDirs } from './known-dirs.ts';
import { mergeLook } from './merge-look.ts';
import {
  amountKnown,
  amountOutOfReach,
  type KnownAmount,
  markOutOfReach,
  type Walk,
} from './out-of-reach.ts';
import { inTransaction } from './transaction.ts';

export type { KnownDir, KnownEntry } from './known-dirs.ts';

/** What is known of a path from now on. */
export type Change = (facts: Facts, path: SharePath) => Facts;
/** `unknownIn`: the newest run that could not reach its directory; 0 = none. */
export type FoundEntry = KnownEntry & Pick<KnownDir, 'lookedAt' | 'runNo'> & { readonly unknownIn: number };

/** The looks at a share, one packed row a directory. */
export class Looks {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Records looks taken at `at` (ms, our clock) in one transaction. */
  record(share: ShareName, looks: readonly DirLook[], at: number, runNo: number): void {
    const recordOne = lookRecorder(this.#db, share, at, runNo);
    inTransaction(this.#db, () => {
      for (const look of looks) recordOne(look);
    });
  }

  /** Directories with entries that no batch holds, in path order; with `runNo` only those looked at since that run. */
  open(share: ShareName, runNo?: number): Generator<KnownDir> {
    return knownDirs(this.#db, share, { where: 'AND open > 0', runNo });
  }

  /** Every directory, in path order; with `runNo` only those looked at since that run. */
  all(share: ShareName, runNo?: number): Generator<KnownDir> {
    return knownDirs(this.#db, share, { runNo });
  }

  /** A directory and every one below it, in path order; with `runNo` only those looked at since that run. */
  below(share: ShareName, dir: SharePath, runNo?: number): Generator<KnownDir> {
    return knownDirs(this.#db, share, { dir, runNo });
  }

  /** Directories that the walk of a run could not reach: below one that could not be listed. Not gone, and not seen. */
  outOfReach(share: ShareName, runNo: number): Generator<KnownDir> {
    return knownDirs(this.#db, share, { where: `AND run < ${runNo} AND unknown >= ${runNo}` });
  }

  /** Notes that a walk could not reach what is at or below these paths. */
  markOutOfReach(share: ShareName, paths: readonly SharePath[], walk: Walk): void {
    markOutOfReach(this.#db, share, paths, walk);
  }

  amountOutOfReach(share: ShareName, runNo: number): KnownAmount {
    return amountOutOfReach(this.#db, share, runNo);
  }

  /** What is known of a share and was not proven gone since the walk of the run `trusted`. */
  amountKnown(share: ShareName, trusted: number): KnownAmount {
    return amountKnown(this.#db, share, trusted);
  }

  /** What the scanner counted in the directories looked at since a run began; the balance is held against this. */
  seen(share: ShareName, runNo: number): { files: number; bytes: number; dirs: number } {
    const row = this.#db
      .prepare(
        'SELECT count(*) AS dirs, sum(files) AS files, sum(bytes) AS bytes FROM dir WHERE share = ? AND run >= ?',
      )
      .get(share, runNo);
    const number = (name: string): number => Number(row?.[name] ?? 0);
    return { dirs: number('dirs'), files: number('files'), bytes: number('bytes') };
  }

  /** As if everything looked at `at` just as it did at the last look: what `plan` assumes of the rest of the evening. */
  assumeQuiet(share: ShareName, runNo: number, at: number): void {
    this.#db.prepare('UPDATE dir SET looked_at = ? WHERE share = ? AND run >= ?').run(at, share, runNo);
  }

  /** True when a look has seen the directory, now or earlier. */
  has(share: ShareName, dir: SharePath): boolean {
    const row = this.#db.prepare('SELECT 1 FROM dir WHERE share = ? AND key = ?').get(share, sortKey(dir));
    return row !== undefined;
  }

  /** The entry at a path, or undefined when no look has seen it. */
  find(share: ShareName, path: SharePath): FoundEntry | undefined {
    const row = this.#db
      .prepare('SELECT key, listing, facts, looked_at, run, unknown FROM dir WHERE share = ? AND key = ?')
      .get(share, sortKey(parentOf(path)));
    if (row === undefined) return undefined;
    const known = knownDir(row);
    const found = known.entries.find(({ entry }) => entry.name === nameOf(path));
    if (found === undefined) return undefined;
    return {
      ...found,
      ...{ lookedAt: known.lookedAt, runNo: known.runNo, unknownIn: Number(row['unknown']) },
    };
  }

  /** What a directory lists, by name; with `runNo` only when that run looked at it. */
  listed(share: ShareName, dir: SharePath, runNo?: number): Map<string, KnownEntry> {
    const entries = this.#dir(share, dir, runNo)?.entries ?? [];
    return new Map(entries.map((known) => [known.entry.name, known]));
  }

  /** What a directory lists and what it listed once, by name. */
  everIn(share: ShareName, dir: SharePath): Map<string, KnownEntry> {
    const row = this.#db.prepare('SELECT id FROM dir WHERE share = ? AND key = ?').get(share, sortKey(dir));
    const gone = createGoneEntries(this.#db).all(Number(row?.['id'] ?? 0));
    return new Map([...this.listed(share, dir), ...gone.map((known) => [known.entry.name, known] as const)]);
  }

  /** The batch of these delivered files holds them at another path from now on. */
  markLeft(share: ShareName, paths: readonly SharePath[]): void {
    this.assignEver(share, paths, (facts) => ({ ...facts, mark: 'left' }));
  }

  /** Changes what is known of these paths, in one transaction. */
  assign(share: ShareName, paths: Iterable<SharePath>, change: Change): void {
    inTransaction(this.#db, () => assignFacts(this.#db, share, paths, change));
  }

  /** The same, and of what was listed there once. */
  assignEver(share: ShareName, paths: readonly SharePath[], change: Change): void {
    inTransaction(this.#db, () => {
      assignFacts(this.#db, share, paths, change);
      const goneEntries = createGoneEntries(this.#db);
      const find = this.#db.prepare('SELECT id FROM dir WHERE share = ? AND key = ?');
      for (const [dir, inDir] of Map.groupBy(paths, parentOf)) {
        const id = Number(find.get(share, sortKey(dir))?.['id'] ?? 0);
        for (const path of inDir) goneEntries.change(id, nameOf(path), (facts) => change(facts, path));
      }
    });
  }

  /** Frees what a batch holds in a directory, to be planned again. */
  release(share: ShareName, dir: SharePath, batch: number): void {
    const paths = [...this.everIn(share, dir).values()]
      .filter(({ facts }) => facts.batch === batch)
      .map(({ entry }) => joinPath(dir, entry.name));
    this.assignEver(share, paths, (facts) =>
      facts.batch === batch ? { ...facts, batch: 0, mark: 'none' } : facts,
    );
  }

  #dir(share: ShareName, dir: SharePath, runNo?: number): KnownDir | undefined {
    const row = this.#db
      .prepare(
        'SELECT key, listing, facts, looked_at FROM dir WHERE share = ?1 AND key = ?2 AND (?3 IS NULL OR run >= ?3)',
      )
      .get(share, sortKey(dir), runNo ?? null);
    return row === undefined ? undefined : knownDir(row);
  }

  /** Forgets which files could not be read or opened when that was last tried: this run tries them again. */
  tryAgain(share: ShareName): void {
    inTransaction(this.#db, () => {
      for (const { dir, entries } of this.open(share)) {
        const failed = entries.filter(
          ({ facts: { mark, tried, unread } }) =>
            mark === 'unreadable' || tried !== undefined || unread !== undefined,
        );
        const paths = failed.map(({ entry }) => joinPath(dir, entry.name));
        if (paths.length > 0) assignFacts(this.#db, share, paths, untried);
      }
    });
  }
}

/** One with an earlier version is compared with that first: it may have another time alone, and would be there twice. */
function untried({ since, batch, prior, mark }: Facts): Facts {
  const again = prior === 0 ? 'none' : 'retimed';
  return { since, batch, prior, mark: mark === 'unreadable' ? again : mark };
}

/** Joins one look with the directory's row and writes what changed; prepared once for many looks. */
function lookRecorder(
  db: DatabaseSync,
  share: ShareName,
  at: number,
  runNo: number,
): (look: DirLook) => void {
  const find = db.prepare('SELECT id, listing, facts, gone FROM dir WHERE share = ? AND key = ?');
  const touch = db.prepare('UPDATE dir SET looked_at = ?, run = ? WHERE id = ?');
  const put = db.prepare(
    `INSERT INTO dir (share, key, listing, facts, files, bytes, open, looked_at, run)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (share, key) DO UPDATE SET listing = excluded.listing, facts = excluded.facts, gone = NULL,
       files = excluded.files, bytes = excluded.bytes, open = excluded.open, looked_at = excluded.looked_at,
       run = excluded.run`,
  );
  const keepsPrior = priorKeeper(db);
  const goneEntries = createGoneEntries(db);
  const withEarlierTimes = earlierTimes(db, share);
  return (look) => {
    const key = sortKey(look.dir);
    const row = find.get(share, key);
    const isSame = row !== undefined && look.listing.equals(bytesOf(row['listing']));
    if (isSame && !isAhead(bytesOf(row['facts']), at)) {
      touch.run(at, runNo, Number(row['id']));
      return;
    }
    const known =
      row === undefined ? undefined : { listing: bytesOf(row['listing']), facts: bytesOf(row['facts']) };
    const id = Number(row?.['id'] ?? 0);
    if (row?.['gone'] instanceof Uint8Array) goneEntries.keep(id, decodeOldGone(row['gone']), at);
    const findGone = (name: string) => goneEntries.find(id, name);
    const merged = mergeLook(known, look, at, { keepsPrior, findGone });
    const facts = withEarlierTimes({ key, listing: merged.listing, facts: merged.facts, at });
    put.run(share, key, merged.listing, facts, look.files, look.bytes, merged.open, at, runNo);
    goneEntries.forget(id, merged.returned);
    goneEntries.keep(id, merged.vanished, at);
  };
}

/** Tells the batches whose files reached the destination, or may be on their way: the next version is an addendum. */
function priorKeeper(db: DatabaseSync): (no: number) => boolean {
  const find = db.prepare(`SELECT ${HEAD_COLUMNS} FROM batch WHERE no = ?`);
  return (no) => {
    const row = find.get(no);
    if (row === undefined) return false;
    const head = headOf(row);
    return mayHaveArrived(head) || head.state === 'delivering' || head.state === 'queued';
  };
}

function assignFacts(db: DatabaseSync, share: ShareName, paths: Iterable<SharePath>, change: Change): void {
  const find = db.prepare('SELECT id, listing, facts FROM dir WHERE share = ? AND key = ?');
  const write = db.prepare('UPDATE dir SET facts = ?, open = ? WHERE id = ?');
  const byDir = Map.groupBy(paths, parentOf);
  for (const [dir, inDir] of byDir) {
    const row = find.get(share, sortKey(dir));
    if (row === undefined) continue;
    const names = new Set(inDir.map(nameOf));
    const entries = decodeListing(bytesOf(row['listing']));
    const facts = decodeFacts(bytesOf(row['facts'])).map((of, index) => {
      const { name } = entries[index] ?? {};
      return name !== undefined && names.has(name) ? change(of, joinPath(dir, name)) : of;
    });
    write.run(encodeFacts(facts), facts.filter(({ batch }) => batch === 0).length, Number(row['id']));
  }
}
