import type { DatabaseSync } from 'node:sqlite';
import { COLLECTOR, type ShareName, shareName } from '../core/ids.ts';
import type { CollectorCode } from '../core/owner-reason.ts';
import { decodeBytes, type SharePath } from '../core/share-path.ts';
import { DELIVERED_STATES } from '../core/states.ts';
import { textOf } from './batch-row.ts';
import { bytesOf } from './bytes-of.ts';

/** What the collector has of one folder for one reason. `since`: when the oldest of it was delivered, ms since 1970. */
export type Collected = {
  readonly share: ShareName;
  readonly dataset: SharePath;
  readonly instrument: string;
  /** Undefined for what was planned before there were codes. */
  readonly code: CollectorCode | undefined;
  readonly reason: string;
  readonly files: number;
  readonly bytes: number;
  readonly since: number;
};

/** Everything that was delivered to the collector and that nobody has claimed, the largest first. */
export function collectedIn(db: DatabaseSync): Collected[] {
  return db
    .prepare(
      `SELECT share, dataset, instrument, code, max(reason) AS reason, sum(files) AS files, sum(bytes) AS bytes,
              min(changed_at) AS since
       FROM batch WHERE owner = ? AND state IN (SELECT value FROM json_each(?))
         AND id NOT IN (SELECT claimed.value FROM claim, json_each(claim.batches) AS claimed)
       GROUP BY share, dataset, instrument, code ORDER BY bytes DESC, dataset`,
    )
    .all(COLLECTOR, JSON.stringify(DELIVERED_STATES))
    .map((row) => ({
      share: shareName(String(row['share'])),
      dataset: decodeBytes(bytesOf(row['dataset'])) as SharePath,
      instrument: String(row['instrument']),
      code: textOf(row['code']) as CollectorCode | undefined,
      reason: textOf(row['reason']) ?? '',
      files: Number(row['files']),
      bytes: Number(row['bytes']),
      since: Number(row['since']),
    }));
}

/** When the owner's newest data of an instrument was planned, ms since 1970; undefined: there was none. */
export function lastOfOwner(db: DatabaseSync, owner: string, instrument: string): number | undefined {
  const row = db
    .prepare('SELECT max(planned_at) AS at FROM batch WHERE owner = ? AND instrument = ?')
    .get(owner, instrument);
  return typeof row?.['at'] === 'number' ? row['at'] : undefined;
}
