import type { DatabaseSync } from 'node:sqlite';
import { type DestinationName, destinationName, type OwnerId, ownerId } from '../core/ids.ts';

/** What was heard of the containers of an owner, in the same words for so many batches. */
export type ContainerEvent = {
  /** `lost`: gone, or takes nothing more · `doubtful`: perhaps an empty one too many was made. */
  readonly what: 'lost' | 'doubtful';
  readonly destination: DestinationName;
  readonly owner: OwnerId;
  readonly at: number;
  readonly said: string;
  readonly batches: number;
  readonly files: number;
};

/** What was heard of containers from an instant on, oldest first. */
export function containerEvents(db: DatabaseSync, since: number): ContainerEvent[] {
  return db
    .prepare(
      `SELECT what, destination, owner, min(event.at) AS at, detail, count(*) AS batches, sum(files) AS files
         FROM event JOIN batch ON batch.no = event.batch
         WHERE what IN ('container.lost', 'container.doubtful') AND event.at >= ?
         GROUP BY what, destination, owner, detail ORDER BY min(event.no)`,
    )
    .all(since)
    .map((row) => ({
      what: row['what'] === 'container.lost' ? 'lost' : 'doubtful',
      destination: destinationName(String(row['destination'])),
      owner: ownerId(String(row['owner'])),
      at: Number(row['at']),
      said: String(row['detail']),
      batches: Number(row['batches']),
      files: Number(row['files']),
    }));
}
