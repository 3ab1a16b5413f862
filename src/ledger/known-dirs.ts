import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import { decodeListing } from '../core/listing.ts';
import type { Entry } from '../core/model.ts';
import { pathOfSortKey, type SharePath, sortKey } from '../core/share-path.ts';
import { bytesOf } from './bytes-of.ts';
import { decodeFacts, type Facts } from './facts.ts';

/** One entry with what is known of it. `lookedAt`: ms since 1970, our clock, of the newest look. */
export type KnownEntry = {
  readonly entry: Entry;
  readonly facts: Facts;
};
export type KnownDir = {
  readonly dir: SharePath;
  readonly lookedAt: number;
  /** The run that looked last. */
  readonly runNo: number;
  readonly entries: readonly KnownEntry[];
};

type DirFilter = {
  readonly where?: string;
  readonly runNo?: number | undefined;
  /** Only this directory and those below it. */
  readonly dir?: SharePath;
};

/** Directories of a share in path order; rows may be written while the caller goes through them. */
export function* knownDirs(
  db: DatabaseSync,
  share: ShareName,
  { where = '', runNo, dir = '' as SharePath }: DirFilter,
): Generator<KnownDir> {
  // Pages by key instead of one open cursor: rows may be written while the caller goes through them.
  const ofRun = runNo === undefined ? '' : `AND run >= ${runNo}`;
  const key = sortKey(dir);
  // Everything below a directory has its key and then NUL (see `sortKey`).
  const end = key.length === 0 ? '' : `AND key < x'${key.toString('hex')}01'`;
  const page = db.prepare(
    `SELECT key, listing, facts, looked_at, run FROM dir WHERE share = ? AND key > ? ${end} ${where} ${ofRun} ORDER BY key LIMIT 500`,
  );
  const top = db.prepare(
    `SELECT key, listing, facts, looked_at, run FROM dir WHERE share = ? AND key = ? ${where} ${ofRun}`,
  );
  const first = top.get(share, key);
  if (first !== undefined) yield knownDir(first);
  for (let after: Uint8Array = key; ; ) {
    const rows = page.all(share, after);
    for (const row of rows) yield knownDir(row);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = bytesOf(last['key']);
  }
}

/** A row of the table as it is worked with. */
export function knownDir(row: Record<string, unknown>): KnownDir {
  const facts = decodeFacts(bytesOf(row['facts']));
  const entries = decodeListing(bytesOf(row['listing'])).flatMap((entry, index) => {
    const of = facts[index];
    return of === undefined ? [] : [{ entry, facts: of }];
  });
  return {
    dir: pathOfSortKey(bytesOf(row['key'])),
    lookedAt: Number(row['looked_at']),
    runNo: Number(row['run']),
    entries,
  };
}
