/** A step of the schema (schema.ts), in a file of its own. */
export const TOKEN_ACCOUNT_STEP = `
  -- Whose account a token opened, as the platform told when it made a container with it (see credentials.ts).
  CREATE TABLE token_account (
    name TEXT PRIMARY KEY,
    stamp TEXT NOT NULL,
    user_id TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;
