/** A step of `SCHEMA_STEPS`: batches that are published, each in a container of its own, and what came of that. */
export const PUBLICATION_STEP = `
  -- 1: it goes into a container of its own, which is published once the batch is confirmed.
  ALTER TABLE batch ADD COLUMN publish INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX batch_to_publish ON batch (no) WHERE publish = 1;

  -- How far publishing a batch has come (see publications.ts); no row: nobody has begun.
  CREATE TABLE publication (
    batch TEXT PRIMARY KEY,
    container TEXT,
    state TEXT NOT NULL,
    said TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `;
