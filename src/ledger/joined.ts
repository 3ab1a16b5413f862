import type { DatabaseSync } from 'node:sqlite';
import type { BatchPlan } from '../core/model.ts';
import { decodeBytes, encodeBytes, type SharePath } from '../core/share-path.ts';
import { bytesOf } from './bytes-of.ts';

/** Remembers the datasets that a batch joins; nothing for a batch of one. */
export function keepJoined(db: DatabaseSync, { share, joins = [] }: BatchPlan, batch: number): void {
  if (joins.length === 0) return;
  const keep = db.prepare('INSERT OR IGNORE INTO joined (share, dataset, batch) VALUES (?, ?, ?)');
  for (const dataset of joins) keep.run(share, encodeBytes(dataset), batch);
}

/** A batch with the datasets it joins, as it was planned. */
export function withJoined<T extends object>(
  db: DatabaseSync,
  batch: T,
  no: number,
): T & Pick<BatchPlan, 'joins'> {
  const joins = db
    .prepare('SELECT dataset FROM joined WHERE batch = ? ORDER BY dataset')
    .all(no)
    .map((row) => decodeBytes(bytesOf(row['dataset'])) as SharePath);
  return joins.length === 0 ? batch : { ...batch, joins };
}
