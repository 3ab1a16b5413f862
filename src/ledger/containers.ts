import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, DestinationName, OwnerId } from '../core/ids.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/** A remote container as the destination told of it when it was made: plain JSON. */
export type StoredContainer = {
  readonly id: string;
  readonly name: string;
  readonly location: string;
  readonly account?: string;
};

/** The container that a lane uses now. `part` counts those it has had: 1, 2, …. */
export type LaneContainer = { readonly remote: StoredContainer; readonly part: number };

type Saving = {
  readonly destination: DestinationName;
  /** The lane's name for it; its own name may have a number behind. */
  readonly name: string;
  readonly owner: OwnerId;
  readonly container: LaneContainer;
  readonly at: number;
};

/** Remote containers by destination and lane. Each is recorded before any byte moves into it. */
export function createContainers(db: DatabaseSync) {
  return {
    find: (destination: DestinationName, name: string): LaneContainer | undefined => {
      const row = db
        .prepare('SELECT remote, part FROM container WHERE destination = ? AND name = ?')
        .get(destination, name);
      if (row === undefined) return undefined;
      return { remote: JSON.parse(String(row['remote'])) as StoredContainer, part: Number(row['part']) };
    },

    /** A restart finds it again instead of making another. */
    save: ({ destination, name, owner, container: { remote, part }, at }: Saving): void =>
      inTransaction(db, () => {
        db.prepare(
          `INSERT INTO container (destination, name, owner, remote, part, opened_at, refused)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, coalesce(max(refused), 0) FROM container
               WHERE destination = ?1 AND json_extract(remote, '$.id') = ?7
           ON CONFLICT (destination, name) DO UPDATE SET remote = excluded.remote, part = excluded.part,
             opened_at = excluded.opened_at, refused = excluded.refused`,
        ).run(destination, name, owner, JSON.stringify(remote), part, at, remote.id);
        db.prepare('DELETE FROM opening WHERE destination = ? AND lane = ?').run(destination, name);
      }),

    /** How many parcels a container has refused after it had taken the whole of them. */
    refused: (destination: DestinationName, id: string): number =>
      Number(
        db
          .prepare(
            "SELECT max(refused) AS refused FROM container WHERE destination = ? AND json_extract(remote, '$.id') = ?",
          )
          .get(destination, id)?.['refused'] ?? 0,
      ),

    /** A parcel was refused after the container had taken the whole of it. */
    countRefused: (destination: DestinationName, batch: BatchId): void =>
      inTransaction(db, () => {
        db.prepare(
          `UPDATE container SET refused = refused + 1 WHERE destination = ?
             AND json_extract(remote, '$.id') = (SELECT json_extract(container, '$.id') FROM batch WHERE id = ?)`,
        ).run(destination, batch);
      }),

    /** The container that an attempt at this batch has begun to send into; undefined: none has. */
    ofBatch: (id: BatchId): StoredContainer | undefined => containerOf(db, id),

    /** Bytes of all batches that were sent into a container, or may have been; of what was cut, those of its pieces. */
    sentBytes: (destination: DestinationName, { id }: StoredContainer): number =>
      Number(
        db
          .prepare(
            `SELECT sum(bytes) AS bytes FROM batch WHERE destination = ? AND container IS NOT NULL
               AND json_extract(container, '$.id') = ? AND state <> 'withdrawn'`,
          )
          .get(destination, id)?.['bytes'] ?? 0,
      ),

    /** The owner's newest container at a destination, of those that belong to the same rule, or to none; never one that is, or will be, published. */
    newestOf: (destination: DestinationName, owner: OwnerId, apart?: string): StoredContainer | undefined => {
      const row = db
        .prepare(
          `SELECT remote FROM container WHERE destination = ?1 AND owner = ?2
             AND NOT EXISTS (SELECT 1 FROM batch WHERE publish = 1 AND lane = container.destination || '/' || container.name)
             AND (SELECT apart FROM batch WHERE lane = container.destination || '/' || container.name LIMIT 1) IS ?3
           ORDER BY opened_at DESC LIMIT 1`,
        )
        .get(destination, owner, apart ?? null);
      return row === undefined ? undefined : (JSON.parse(String(row['remote'])) as StoredContainer);
    },

    /** Notes that a batch goes into an older container than it should, and why. */
    tellReused: (batch: BatchId, why: string, at: number): void =>
      recordEvent(db, { at, batch, what: 'container.reused', detail: why }),
  };
}

function containerOf(db: DatabaseSync, id: BatchId): StoredContainer | undefined {
  const text = db.prepare('SELECT container FROM batch WHERE id = ?').get(id)?.['container'];
  return typeof text === 'string' ? (JSON.parse(text) as StoredContainer) : undefined;
}
