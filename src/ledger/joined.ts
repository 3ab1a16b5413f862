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

/** The datasets that the batch in this row joins; none for a batch of one. */
export function joinedIn(db: DatabaseSync, no: number): SharePath[] {
  return db
    .prepare('SELECT dataset FROM joined WHERE batch = ? ORDER BY dataset')
    .all(no)
    .map((row) => decodeBytes(bytesOf(row['dataset'])) as SharePath);
}

/** A batch with the datasets it joins, as it was planned. */
export function withJoined<T extends object>(
  db: DatabaseSync,
  batch: T,
  no: number,
): T & Pick<BatchPlan, 'joins'> {
  const joins = joinedIn(db, no);
  return joins.length === 0 ? batch : { ...batch, joins };
}
