import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, DestinationName, OwnerId, ShareName } from '../core/ids.ts';
import { encodeBytes, type SharePath } from '../core/share-path.ts';

/** What belongs together at a destination. */
export type DatasetAt = {
  readonly share: ShareName;
  readonly owner: OwnerId;
  readonly destination: DestinationName;
  readonly dataset: SharePath;
};

/** The first batch of a dataset that was delivered or still may be; undefined when there is none. */
export function firstBatchOf(
  db: DatabaseSync,
  { share, owner, destination, dataset }: DatasetAt,
): BatchId | undefined {
  const row = db
    .prepare(
      `SELECT no, id FROM batch INDEXED BY batch_by_dataset WHERE share = ?1 AND dataset = ?2 AND owner = ?3 AND destination = ?4
         AND state NOT IN ('withdrawn', 'rejected') AND NOT EXISTS (SELECT 1 FROM joined WHERE joined.batch = batch.no)
       UNION ALL
       SELECT no, id FROM joined CROSS JOIN batch ON no = joined.batch WHERE joined.share = ?1 AND joined.dataset = ?2
         AND owner = ?3 AND destination = ?4 AND state NOT IN ('withdrawn', 'rejected')
       ORDER BY no LIMIT 1`,
    )
    .get(share, encodeBytes(dataset), owner, destination);
  return row === undefined ? undefined : (String(row['id']) as BatchId);
}
