/** A step of the schema (schema.ts), in a file of its own. */
export const JOINED_STEP = `
  -- The datasets of a batch that joins several of them (see batch/join-batches.ts); a batch of one is not here.
  CREATE TABLE joined (
    share TEXT NOT NULL,
    dataset BLOB NOT NULL,
    batch INTEGER NOT NULL,
    PRIMARY KEY (share, dataset, batch)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX joined_by_batch ON joined (batch);
`;
