/** A step of the schema (schema.ts), in a file of its own. */
export const CLAIM_STEP = `
  -- What had gone to the collector and a person gave to an owner: a row a dataset (see claims.ts).
  CREATE TABLE claim (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    share TEXT NOT NULL,
    path BLOB NOT NULL,
    dataset BLOB NOT NULL,
    owner TEXT NOT NULL,
    reason TEXT,
    by TEXT NOT NULL,
    at INTEGER NOT NULL,
    batches TEXT NOT NULL
  ) STRICT;
  `;
