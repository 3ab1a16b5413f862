import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, DestinationName } from '../core/ids.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/** A container that is being made, by its own name, and since when. */
type Opening = { readonly name: string; readonly at: number };

/** Containers that are being made: one whose answer was lost is there, and nobody knows its id. */
export function createOpenings(db: DatabaseSync) {
  return {
    /** Recorded before the destination is asked; gone once the container is saved. */
    begin: (destination: DestinationName, lane: string, { name, at }: Opening): void =>
      inTransaction(db, () => {
        db.prepare(
          `INSERT INTO opening (destination, lane, name, at) VALUES (?, ?, ?, ?)
             ON CONFLICT (destination, lane) DO UPDATE SET name = excluded.name`,
        ).run(destination, lane, name, at);
      }),

    /** The container of the lane that may have been made without an answer; undefined: none. */
    unanswered: (destination: DestinationName, lane: string): Opening | undefined => {
      const row = db
        .prepare('SELECT name, at FROM opening WHERE destination = ? AND lane = ?')
        .get(destination, lane);
      return row === undefined ? undefined : { name: String(row['name']), at: Number(row['at']) };
    },

    /** The destination said that it made none. */
    end: (destination: DestinationName, lane: string): void =>
      inTransaction(db, () => {
        db.prepare('DELETE FROM opening WHERE destination = ? AND lane = ?').run(destination, lane);
      }),

    /** Whether a container of that id is, or was, one that we know. */
    isKnown: (destination: DestinationName, id: string): boolean =>
      db
        .prepare(
          `SELECT 1 FROM container WHERE destination = ?1 AND json_extract(remote, '$.id') = ?2
             UNION SELECT 1 FROM lost_container WHERE destination = ?1 AND id = ?2
             UNION SELECT 1 FROM batch WHERE destination = ?1 AND container IS NOT NULL AND json_extract(container, '$.id') = ?2`,
        )
        .get(destination, id) !== undefined,

    /** How often such a doubt was told of the lane since its container was first asked for, and since `batch` was put back. */
    doubts: (lane: string, since: number, batch: BatchId): number =>
      Number(
        db
          .prepare(
            `SELECT count(*) AS doubts FROM event WHERE what = 'container.doubtful' AND at >= ?2
               AND batch IN (SELECT no FROM batch WHERE lane = ?1)
               AND no > (SELECT coalesce(max(no), 0) FROM event WHERE what = 'batch.requeued'
                 AND batch = (SELECT no FROM batch WHERE id = ?3))`,
          )
          .get(lane, since, batch)?.['doubts'] ?? 0,
      ),

    /** Notes that a container may have been made of which nobody was told. */
    tellDoubtful: (batch: BatchId, why: string, at: number): void =>
      recordEvent(db, { at, batch, what: 'container.doubtful', detail: why }),
  };
}
