import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, DestinationName } from '../core/ids.ts';
import { DELIVERED_STATES } from '../core/states.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

const DAY_MS = 24 * 3_600_000;
const DELIVERED = DELIVERED_STATES.map((state) => `'${state}'`).join(', ');

/** A lane by the destination and the name of its container. */
type LaneAt = { readonly destination: DestinationName; readonly name: string };

/**
 * What was heard of a lost container: which, and why it is used no more; `published`: closed for ever, it keeps what is in
 * it; `delivered`: it is heard of a batch that had been delivered into it, as all others of them are told.
 */
type Heard = {
  readonly which: string;
  readonly why: string;
  readonly at: number;
  readonly published?: boolean;
  readonly delivered?: boolean;
};

/** Containers that a destination no longer has, or no longer takes from us. */
export function createLostContainers(db: DatabaseSync) {
  return {
    /**
     * The next delivery of every lane that used the container makes a new one, and batches begun in it begin there
     * anew. What was delivered into it stays as it is known, and its history says what was heard of its container. Other
     * batches that may have arrived without an answer before it was published are still looked for there.
     */
    forget: (lane: LaneAt, batch: BatchId, heard: Heard): void =>
      inTransaction(db, () => {
        const id = lostOf(db, lane, batch);
        if (id === undefined) return;
        const { destination, name } = lane;
        const { at, published = false } = heard;
        db.prepare(
          `INSERT INTO lost_container (destination, lane, id, part, at, published)
             SELECT destination, name, ?2, part, ?3, ?5 FROM container WHERE destination = ?1 AND json_extract(remote, '$.id') = ?2
             UNION SELECT ?1, ?4, ?2, 0, ?3, ?5 WHERE NOT EXISTS (
               SELECT 1 FROM container WHERE destination = ?1 AND name = ?4 AND json_extract(remote, '$.id') = ?2)
             ON CONFLICT DO UPDATE SET published = min(published, excluded.published)`,
        ).run(destination, id, at, name, Number(published));
        db.prepare("DELETE FROM container WHERE destination = ? AND json_extract(remote, '$.id') = ?").run(
          destination,
          id,
        );
        tell(db, { destination, id }, { batch, ...heard });
        db.prepare(
          `UPDATE batch SET container = NULL WHERE destination = ?1 AND container IS NOT NULL
             AND json_extract(container, '$.id') = ?2 AND state NOT IN (${DELIVERED})
             AND (id = ?3 OR ?4 = 0 OR looked = 1 OR coalesce(length(sent_hashes), 0) = 0)`,
        ).run(destination, id, batch, Number(published));
      }),

    /**
     * Whether a lost container of this lane may be replaced without asking a person: not when the one that replaced
     * an earlier one is lost before anything was delivered into it. A person who puts the batch back allows it again.
     */
    mayReplace: ({ destination, name }: LaneAt, batch: BatchId, now: number): boolean => {
      const row = db
        .prepare(
          `SELECT count(*) AS lost FROM lost_container WHERE destination = ?1 AND lane = ?2 AND at > max(?4,
             coalesce((SELECT max(changed_at) FROM batch WHERE lane = ?1 || '/' || ?2 AND state IN (${DELIVERED})), 0),
             coalesce((SELECT max(at) FROM event WHERE what = 'batch.requeued'
               AND batch = (SELECT no FROM batch WHERE id = ?3)), 0))`,
        )
        .get(destination, name, batch, now - DAY_MS);
      return row?.['lost'] === 0;
    },

    /** Whether the container that the batch was sent into may be there no more, and the batch with it. */
    mayHaveTaken: (batch: BatchId): boolean =>
      db
        .prepare(
          `SELECT 1 FROM batch JOIN lost_container AS lost
               ON lost.destination = batch.destination AND lost.id = json_extract(batch.container, '$.id')
             WHERE batch.id = ? AND lost.published = 0`,
        )
        .get(batch) !== undefined,

    /** The highest part that a lost container of the lane had; 0: it lost none. */
    lastPart: ({ destination, name }: LaneAt): number =>
      Number(
        db
          .prepare('SELECT max(part) AS part FROM lost_container WHERE destination = ? AND lane = ?')
          .get(destination, name)?.['part'] ?? 0,
      ),
  };
}

/** The container a batch was sent into, or else the one its lane uses. */
function lostOf(db: DatabaseSync, { destination, name }: LaneAt, batch: BatchId): string | undefined {
  const row =
    db.prepare("SELECT json_extract(container, '$.id') AS id FROM batch WHERE id = ?").get(batch) ?? {};
  if (typeof row['id'] === 'string') return row['id'];
  const lane = db
    .prepare("SELECT json_extract(remote, '$.id') AS id FROM container WHERE destination = ? AND name = ?")
    .get(destination, name);
  return typeof lane?.['id'] === 'string' ? lane['id'] : undefined;
}

/** Heard of again, a container is told of no batch a second time. */
function tell(
  db: DatabaseSync,
  { destination, id }: { destination: DestinationName; id: string },
  { batch, which, why, at, delivered = false }: Heard & { readonly batch: BatchId },
): void {
  const told = (about: BatchId, detail: string): void =>
    recordEvent(db, { at, batch: about, what: 'container.lost', detail });
  const others = db
    .prepare(
      `SELECT id FROM batch WHERE destination = ?1 AND (id = ?3 AND ?4 OR container IS NOT NULL
         AND json_extract(container, '$.id') = ?2 AND state IN (${DELIVERED})) AND NOT EXISTS (
           SELECT 1 FROM event WHERE event.batch = batch.no AND what = 'container.lost' AND event.no > coalesce(
             (SELECT max(no) FROM event AS begun WHERE begun.batch = batch.no AND begun.what = 'delivery.started'), 0))`,
    )
    .all(destination, id, batch, Number(delivered));
  if (!delivered) told(batch, `${which} takes nothing more: ${why}; a new one is used`);
  const detail = `it was delivered into ${which}, which takes nothing more: ${why}; look whether it is still there, for it is not sent again by itself`;
  for (const row of others) told(String(row['id']) as BatchId, detail);
}
