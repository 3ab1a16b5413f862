/** A step of the schema (schema.ts), in a file of its own. */
export const REAUDIT_STEP = `
  -- What a destination said when it was asked again for what had been delivered: the newest answer, a row a batch.
  CREATE TABLE reaudit (
    batch INTEGER PRIMARY KEY,
    -- When it was asked last, whether that told anything or not.
    tried_at INTEGER NOT NULL,
    -- When it last told, and what: 1 = it is there as it was delivered, 0 = it is not.
    told_at INTEGER,
    holds INTEGER,
    -- In words: how that is known, what is wrong, or why nothing could be told.
    said TEXT NOT NULL
  ) STRICT;
  CREATE INDEX reaudit_by_time ON reaudit (tried_at);
`;
