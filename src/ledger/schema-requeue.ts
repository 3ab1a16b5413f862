/** A step of the schema (schema.ts), in a file of its own. */
export const REQUEUE_STEP = `
  -- What a person put back, a row a batch: with which error ('' = none, it was delivered), and the event that says so.
  CREATE TABLE requeue (
    no INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    code TEXT NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (no, batch)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX requeue_by_batch ON requeue (batch, event);
  CREATE INDEX requeue_by_code ON requeue (code, no);
`;
