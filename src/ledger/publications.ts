import type { DatabaseSync } from 'node:sqlite';
import { type BatchId, batchId, type DestinationName, type OwnerId } from '../core/ids.ts';
import type { StoredContainer } from './containers.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/**
 * `publishing`: it was asked for, or will be in a moment, and may have happened · `published`: the destination says so ·
 * `waiting`: something keeps it, and it is tried again every evening · `refused`: a person decides.
 */
export type PublicationState = 'publishing' | 'published' | 'waiting' | 'refused';

export type Publication = { readonly state: PublicationState; readonly said: string; readonly at: number };

/** A batch that was to be published, and what came of it; for reports. */
export type PublicationLine = Publication & {
  readonly batch: BatchId;
  readonly owner: OwnerId;
  readonly destination: DestinationName;
};

/** What was done with another container, which was lost since, says nothing of the one that the batch is in now. */
const IS_OF_BATCH = `publication.batch = batch.id
  AND (publication.container IS NULL OR publication.container IS json_extract(batch.container, '$.id'))`;

const IS_DUE = `publish = 1 AND state IN ('confirmed', 'verified') AND NOT EXISTS (
  SELECT 1 FROM publication WHERE ${IS_OF_BATCH} AND publication.state IN ('published', 'refused'))`;

/** The batches that are published after they were confirmed. */
export function createPublications(db: DatabaseSync) {
  return {
    /** Delivered with evidence, to be published, and neither done nor given up. */
    due: (): BatchId[] =>
      db
        .prepare(`SELECT id FROM batch INDEXED BY batch_to_publish WHERE ${IS_DUE} ORDER BY no`)
        .all()
        .map((row) => batchId(String(row['id']))),

    isDue: (batch: BatchId): boolean =>
      db.prepare(`SELECT 1 FROM batch WHERE id = ? AND ${IS_DUE}`).get(batch) !== undefined,

    /** What came of it in the container that it is in now. */
    of: (batch: BatchId): Publication | undefined => {
      const row = db
        .prepare(
          `SELECT publication.state, said, at FROM publication JOIN batch ON ${IS_OF_BATCH} WHERE batch.id = ?`,
        )
        .get(batch);
      return row === undefined ? undefined : publicationOf(row);
    },

    /** Whether no other batch was ever sent into the container, nor may have been. */
    isAlone: (batch: BatchId, destination: DestinationName, { id }: StoredContainer): boolean =>
      db
        .prepare(
          `SELECT 1 FROM batch WHERE destination = ? AND container IS NOT NULL
             AND json_extract(container, '$.id') = ? AND id <> ?`,
        )
        .get(destination, id, batch) === undefined,

    /** Recorded before the request: after an answer that was lost, or a kill, it is looked for before it is repeated. */
    save: (batch: BatchId, container: string | undefined, { state, said, at }: Publication): void =>
      inTransaction(db, () => {
        const before = db.prepare('SELECT state, said FROM publication WHERE batch = ?').get(batch);
        db.prepare(
          `INSERT INTO publication (batch, container, state, said, at) VALUES (?, ?, ?, ?, ?)
           ON CONFLICT (batch) DO UPDATE SET container = excluded.container, state = excluded.state,
             said = excluded.said, at = excluded.at`,
        ).run(batch, container ?? null, state, said, at);
        // Told once, and not every evening anew.
        if (before?.['state'] === state && before['said'] === said) return;
        recordEvent(db, { at, batch, what: EVENTS[state], detail: said });
      }),

    /** What came of it from an instant on, and what waits. */
    since: (since: number): PublicationLine[] =>
      db
        .prepare(
          `SELECT publication.batch, publication.state, said, at, owner, destination FROM publication
             JOIN batch ON batch.id = publication.batch
             WHERE at >= ? OR publication.state IN ('waiting', 'publishing') ORDER BY at, batch.no`,
        )
        .all(since)
        .map((row) => ({
          batch: batchId(String(row['batch'])),
          owner: String(row['owner']) as OwnerId,
          destination: String(row['destination']) as DestinationName,
          ...publicationOf(row),
        })),
  };
}

const EVENTS: Readonly<Record<PublicationState, string>> = {
  publishing: 'batch.publishing',
  published: 'batch.published',
  waiting: 'batch.not-published',
  refused: 'batch.not-published',
};

const publicationOf = (row: Record<string, unknown>): Publication => ({
  state: String(row['state']) as PublicationState,
  said: String(row['said']),
  at: Number(row['at']),
});
