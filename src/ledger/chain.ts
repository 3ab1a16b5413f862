import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/**
 * The chain of the history: each event's hash covers the hash before it and its own fields, so that nothing can be
 * changed, left out or put in between without every later hash being another. docs/operations.md has the recipe by which
 * anybody can compute it from `nightjar history --json`.
 */
export type ChainedFields = {
  readonly no: number;
  readonly at: number;
  /** Id of the batch it is about. */
  readonly batch: string | null;
  readonly what: string;
  readonly detail: string;
  /** SHA-256 of what was recorded with it: the batch's list of files, or their hashes. */
  readonly digest: Uint8Array | null;
};

/** What the first event follows. */
export const BEGINNING: Uint8Array = new Uint8Array(32);

export function hashOfEvent(before: Uint8Array, event: ChainedFields): Buffer {
  const { no, at, batch, what, detail, digest } = event;
  // As SQLite keeps text: half a surrogate pair becomes U+FFFD there.
  const texts = [what.toWellFormed(), detail.toWellFormed()];
  const hex = digest === null ? null : Buffer.from(digest).toString('hex');
  const text = JSON.stringify([no, at, batch, ...texts, hex]);
  return createHash('sha256').update(before).update(text, 'utf8').digest();
}

export const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** For the step that chained the events that were there before: the same hash, as a function of SQL. */
export function teachChain(db: DatabaseSync): void {
  db.function('event_hash', { deterministic: true, varargs: true }, (before, ...fields) => {
    const [no, at, batch, what, detail] = fields;
    return hashOfEvent(before as Uint8Array, {
      ...{ no: Number(no), at: Number(at), batch: batch === null ? null : String(batch) },
      ...{ what: String(what), detail: String(detail), digest: null },
    });
  });
}

/** The step of the schema that chained the events, oldest first, and forbids to change what is in the history. */
export const CHAIN_EVENTS = `
  ALTER TABLE event ADD COLUMN digest BLOB;
  ALTER TABLE event ADD COLUMN hash BLOB;
  WITH RECURSIVE
    told (no, at, batch, what, detail) AS (
      SELECT event.no, event.at, batch.id, event.what, event.detail FROM event LEFT JOIN batch ON batch.no = event.batch
    ),
    chain (no, hash) AS (
      SELECT no, event_hash(zeroblob(32), no, at, batch, what, detail) FROM told WHERE no = (SELECT min(no) FROM event)
      UNION ALL
      SELECT told.no, event_hash(chain.hash, told.no, told.at, told.batch, told.what, told.detail)
      FROM chain JOIN told ON told.no = (SELECT min(no) FROM event WHERE no > chain.no)
    )
  UPDATE event SET hash = chain.hash FROM chain WHERE chain.no = event.no;

  CREATE TRIGGER event_is_not_changed BEFORE UPDATE ON event
  BEGIN SELECT RAISE(ABORT, 'the history is only ever added to: an event cannot be changed'); END;
  CREATE TRIGGER event_is_not_deleted BEFORE DELETE ON event
  BEGIN SELECT RAISE(ABORT, 'the history is only ever added to: an event cannot be deleted'); END;
  CREATE TRIGGER event_is_chained BEFORE INSERT ON event
  WHEN NEW.hash IS NULL OR length(NEW.hash) <> 32 OR NEW.no <= (SELECT max(no) FROM event)
  BEGIN SELECT RAISE(ABORT, 'the history is only ever added to: an event comes last, with its hash'); END;
`;
