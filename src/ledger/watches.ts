import type { DatabaseSync } from 'node:sqlite';
import { type ShareName, shareName } from '../core/ids.ts';
import { inTransaction } from './transaction.ts';

/** How the watching of a share stands, as the daemon last said; for `status`, and nothing else depends on it. */
export type WatchState = {
  /** `resting`: an evening runs, which looks at everything itself. */
  readonly state: 'starting' | 'watching' | 'resting' | 'off' | 'failed';
  /** Watched, the root too. */
  readonly directories?: number;
  /** False: there are more than `watch_limit` allows. */
  readonly whole?: boolean;
  /** Why not, for a person. */
  readonly reason?: string;
  readonly code?: string;
  readonly hint?: string;
};

/** `holder`: who said so; it means nothing any more when somebody else, or nobody, runs. */
export type Watched = WatchState & {
  readonly share: ShareName;
  readonly holder: string;
  readonly at: number;
};

export function createWatches(db: DatabaseSync) {
  return {
    save: ({ share, holder, at, ...state }: Watched): void =>
      inTransaction(db, () => {
        db.prepare(
          `INSERT INTO watch (share, holder, at, state) VALUES (?, ?, ?, ?)
           ON CONFLICT (share) DO UPDATE SET holder = excluded.holder, at = excluded.at, state = excluded.state`,
        ).run(share, holder, at, JSON.stringify(state));
      }),
    /** What this holder said of its shares. */
    of: (holder: string): Watched[] =>
      db
        .prepare('SELECT share, at, state FROM watch WHERE holder = ? ORDER BY share')
        .all(holder)
        .map((row) => ({
          ...(JSON.parse(String(row['state'])) as WatchState),
          ...{ share: shareName(String(row['share'])), holder, at: Number(row['at']) },
        })),
  };
}
