import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, DestinationName } from '../core/ids.ts';
import type { Batch } from '../core/model.ts';
import { bytesOf } from './bytes-of.ts';
import type { StoredContainer } from './containers.ts';
import { inTransaction } from './transaction.ts';

/** After these the destination has said what became of the parcel. After any other its outcome is unknown. */
const KNOWN: readonly string[] = [
  'PROCESSING_FAILED',
  'PARCEL_DROPPED',
  'RECEIPT_MISMATCH',
  'CONTAINER_LOST',
  'BATCH_REFUSED',
];

/** No other batch went into its container since: what the destination says of its last work there is about this one. */
const IS_LAST = `NOT EXISTS (SELECT 1 FROM batch AS other WHERE other.destination = mine.destination
  AND other.container IS NOT NULL AND json_extract(other.container, '$.id') = json_extract(mine.container, '$.id')
  AND other.sent_order > mine.sent_order)`;

/** What is known of parcels that went out whole and were never answered for. */
export function createOutcomes(db: DatabaseSync) {
  return {
    /**
     * The whole parcel of this attempt was read, with these SHA-256 in list order. Where an earlier one had others, what
     * the destination has cannot be told from here any more. An attempt that is not the newest changes nothing.
     */
    wentOut: ({ id, epoch }: Pick<Batch, 'id' | 'epoch'>, hashes: Uint8Array): void =>
      inTransaction(db, () => {
        db.prepare(
          `UPDATE batch SET looked = 0, sent_hashes = CASE WHEN sent_hashes IS NULL OR sent_hashes = ?1 THEN ?1 ELSE x'' END
             WHERE id = ?2 AND epoch = ?3 AND state = 'delivering'`,
        ).run(hashes, id, epoch);
      }),

    /**
     * The hashes of a parcel that may have arrived although nobody said so. Undefined when none went out whole, when
     * its outcome was told, or when another batch went into its container since: what the destination says of its last
     * work there is not about this one then.
     */
    unknownOf: (id: BatchId): Uint8Array | undefined => {
      const row = db
        .prepare(
          `SELECT sent_hashes FROM batch AS mine WHERE id = ? AND length(sent_hashes) > 0 AND looked = 0 AND ${IS_LAST}`,
        )
        .get(id);
      return row === undefined ? undefined : bytesOf(row['sent_hashes']);
    },

    /** Whether a parcel of it went out whole and nobody said what became of it, whatever went into its container since. */
    mayHaveArrived: (id: BatchId): boolean =>
      db.prepare('SELECT 1 FROM batch WHERE id = ? AND length(sent_hashes) > 0 AND looked = 0').get(id) !==
      undefined,

    /** It was looked for and is not there. Its hashes stay: the next attempt has to have the same to be found by them. */
    isNotThere: (id: BatchId): void =>
      inTransaction(db, () => {
        db.prepare('UPDATE batch SET looked = 1 WHERE id = ?').run(id);
      }),

    /** Batches that are only accepted, each the last that went into its container; `into`: only those of this one. */
    accepted: (into?: { readonly destination: DestinationName; readonly id: string }): BatchId[] =>
      db
        .prepare(
          `SELECT id FROM batch AS mine INDEXED BY batch_by_state WHERE state = 'accepted' AND container IS NOT NULL
             AND (?1 IS NULL OR (destination = ?1 AND json_extract(container, '$.id') = ?2)) AND ${IS_LAST} ORDER BY no`,
        )
        .all(into?.destination ?? null, into?.id ?? null)
        .map((row) => String(row['id']) as BatchId),

    /** Whether another batch is on its way into the container. */
    isInUse: (
      { id: container }: StoredContainer,
      { id, destination }: Pick<Batch, 'id' | 'destination'>,
    ): boolean =>
      db
        .prepare(
          `SELECT 1 FROM batch WHERE destination = ? AND container IS NOT NULL AND json_extract(container, '$.id') = ?
             AND state = 'delivering' AND id <> ?`,
        )
        .get(destination, container, id) !== undefined,

    /** How often the batch was put off with this code since it was planned, or a person put it back. */
    timesPutOff: (id: BatchId, code: string): number =>
      Number(
        db
          .prepare(
            `WITH mine AS (SELECT * FROM event WHERE batch = (SELECT no FROM batch WHERE id = ?1))
             SELECT count(*) AS times FROM mine WHERE what = 'delivery.retry' AND substr(detail, 1, length(?2)) = ?2
               AND no > (SELECT coalesce(max(no), 0) FROM mine WHERE what IN ('batch.planned', 'batch.requeued'))`,
          )
          .get(id, `${code}:`)?.['times'] ?? 0,
      ),
  };
}

/** Whatever went out before is not to be relied on any more: it is sent again. */
export function forgetSent(db: DatabaseSync, id: BatchId): void {
  db.prepare("UPDATE batch SET sent_hashes = x'' WHERE id = ? AND sent_hashes IS NOT NULL").run(id);
}

export function forgetKnownOutcome(db: DatabaseSync, id: BatchId, code: string): void {
  if (KNOWN.includes(code)) forgetSent(db, id);
}
