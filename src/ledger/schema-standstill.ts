/** A step of the schema (schema.ts), in a file of its own. */
export const STANDSTILL_STEP = `
  -- The epoch of the attempt in which nothing moves (see standstills.ts); another one: what is in flight moves.
  ALTER TABLE batch ADD COLUMN still_epoch INTEGER NOT NULL DEFAULT 0;
`;
