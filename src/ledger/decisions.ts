import type { DatabaseSync } from 'node:sqlite';
import type { Decision } from '../core/decision.ts';
import type { ShareName } from '../core/ids.ts';
import { pathOfSortKey, printable, type SharePath, sortKey } from '../core/share-path.ts';
import { bytesOf } from './bytes-of.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/** What people decided of paths, and its history: one decision a path, a new one takes the place of the old. */
export function createDecisions(db: DatabaseSync) {
  let revision = 0;
  const all = (share: ShareName): Decision[] =>
    db
      .prepare('SELECT path, kind, reason, by, since FROM decision WHERE share = ? ORDER BY path')
      .all(share)
      .map(decisionOf);
  const tell = (share: ShareName, decision: Decision, event: { at: number; end?: string }): void => {
    const { kind, path, by, reason } = decision;
    const what = event.end === undefined ? `decision.${kind}` : 'decision.ended';
    const detail =
      event.end === undefined
        ? `${placeOf(share, path)} by ${by}: ${reason}`
        : `${placeOf(share, path)} (${kind}) ${event.end}`;
    recordEvent(db, { at: event.at, what, detail });
  };
  const remove = (share: ShareName, decision: Decision, at: number, end: string): void => {
    db.prepare('DELETE FROM decision WHERE share = ? AND path = ?').run(share, sortKey(decision.path));
    tell(share, decision, { at, end });
    revision += 1;
  };
  return {
    all,
    /** Grows with every change by this process. */
    revision: (): number => revision,
    put: (share: ShareName, decision: Decision): void =>
      inTransaction(db, () => {
        const { path, kind, reason, by, since } = decision;
        db.prepare(
          `INSERT INTO decision (share, path, kind, reason, by, since) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (share, path) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, by = excluded.by,
             since = excluded.since`,
        ).run(share, sortKey(path), kind, reason, by, since);
        tell(share, decision, { at: since });
        revision += 1;
      }),
    /** The decision that was taken back; undefined when there was none. */
    lift: (
      share: ShareName,
      path: SharePath,
      who: { readonly by: string; readonly at: number },
    ): Decision | undefined =>
      inTransaction(db, () => {
        const decision = all(share).find((one) => one.path === path);
        if (decision !== undefined) remove(share, decision, who.at, `taken back by ${who.by}`);
        return decision;
      }),
    /** A force is for one evening: those made before `before` have had theirs. */
    endForces: (share: ShareName, before: number, at: number): void =>
      inTransaction(db, () => {
        const over = all(share).filter(({ kind, since }) => kind === 'force' && since < before);
        for (const decision of over) remove(share, decision, at, 'its evening is over');
      }),
  };
}

const placeOf = (share: ShareName, path: SharePath): string => `${share}:${printable(path)}`;

function decisionOf(row: Record<string, unknown>): Decision {
  return {
    kind: row['kind'] === 'force' ? 'force' : 'exclude',
    path: pathOfSortKey(bytesOf(row['path'])),
    reason: String(row['reason']),
    by: String(row['by']),
    since: Number(row['since']),
  };
}
