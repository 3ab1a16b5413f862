import type { DatabaseSync } from 'node:sqlite';
import { CONTROL_FILE, type FoundControl } from '../core/control.ts';
import type { ShareName } from '../core/ids.ts';
import { unknownBecause } from '../core/listing.ts';
import type { DirLook } from '../core/model.ts';
import { joinPath, pathOfSortKey, printable, type SharePath, sortKey } from '../core/share-path.ts';
import { textOf } from './batch-row.ts';
import { bytesOf } from './bytes-of.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/** A directory's control file as the last look at it found it. */
export type KnownControl = { readonly dir: SharePath; readonly found: FoundControl };

/**
 * The control files of the shares. `gather` takes what looks told during a walk; only when the walk has been proven,
 * `save` makes it count. What could not be looked at is not gone: its control file stays in force.
 */
export function createControls(db: DatabaseSync) {
  let revision = 0;
  const all = (share: ShareName): KnownControl[] =>
    db
      .prepare('SELECT dir, name, size, mtime, content, problem FROM control WHERE share = ? ORDER BY dir')
      .all(share)
      .map((row) => ({ dir: pathOfSortKey(bytesOf(row['dir'])), found: foundOf(row) }));

  return {
    all,
    /** Grows with every change by this process. */
    revision: (): number => revision,
    gather: (share: ShareName): Gathered => {
      const known = new Map(all(share).map(({ dir, found }) => [dir, found]));
      const changed = new Map<SharePath, FoundControl | undefined>();
      return {
        add: (looks) => {
          for (const look of looks) gatherOne(look, known, changed);
        },
        save: (at) =>
          inTransaction(db, () => {
            for (const [dir, found] of changed) write(db, share, { dir, found }, at);
            revision += changed.size;
          }),
      };
    },
  };
}

export type Gathered = {
  readonly add: (looks: readonly DirLook[]) => void;
  readonly save: (at: number) => void;
};

type Changed = Map<SharePath, FoundControl | undefined>;

function gatherOne(look: DirLook, known: ReadonlyMap<SharePath, FoundControl>, changed: Changed): void {
  const { dir, controls = [] } = look;
  for (const control of controls) {
    const { found } = control;
    const before = known.get(control.dir);
    if (found === undefined || (before !== undefined && isSame(before, found))) continue;
    // On the way only the right name is looked for: it does not undo one that is misspelt beside it.
    const onTheWay = control.dir !== dir;
    if (onTheWay && before !== undefined && before.name !== CONTROL_FILE) continue;
    changed.set(control.dir, found);
  }
  const isGone = known.has(dir) && !controls.some((control) => control.dir === dir);
  if (isGone && unknownBecause(look.listing) === undefined) changed.set(dir, undefined);
}

function isSame(before: FoundControl, found: FoundControl): boolean {
  if (before.name !== found.name || before.size !== found.size || before.mtimeNs !== found.mtimeNs)
    return false;
  // Brought to tape as it was read before: what it said still holds.
  if (found.offline === true && before.content !== undefined) return true;
  return (
    before.problem === found.problem &&
    Buffer.from(before.content ?? []).equals(Buffer.from(found.content ?? []))
  );
}

function write(
  db: DatabaseSync,
  share: ShareName,
  { dir, found }: { readonly dir: SharePath; readonly found: FoundControl | undefined },
  at: number,
): void {
  const file = `${share}:${printable(joinPath(dir, found?.name ?? CONTROL_FILE))}`;
  recordEvent(db, { at, what: found === undefined ? 'control.gone' : 'control.found', detail: file });
  if (found === undefined) {
    db.prepare('DELETE FROM control WHERE share = ? AND dir = ?').run(share, sortKey(dir));
    return;
  }
  const { name, size, mtimeNs, content, problem } = found;
  db.prepare(
    `INSERT INTO control (share, dir, name, size, mtime, content, problem, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (share, dir) DO UPDATE SET name = excluded.name, size = excluded.size, mtime = excluded.mtime,
       content = excluded.content, problem = excluded.problem, since = excluded.since`,
  ).run(share, sortKey(dir), name, size, String(mtimeNs), content ?? null, problem ?? null, at);
}

function foundOf(row: Record<string, unknown>): FoundControl {
  const { content } = row;
  const problem = textOf(row['problem']);
  return {
    name: String(row['name']),
    size: Number(row['size']),
    mtimeNs: BigInt(String(row['mtime'])),
    ...(content === null ? {} : { content: bytesOf(content) }),
    ...(problem === undefined ? {} : { problem }),
  };
}
