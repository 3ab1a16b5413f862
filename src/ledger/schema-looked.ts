/** A step of the schema (schema.ts), in a file of its own. */
export const LOOKED_STEP = `
  -- 1: the parcel of sent_hashes was looked for and is not there; 0: nobody has said what became of it.
  ALTER TABLE batch ADD COLUMN looked INTEGER NOT NULL DEFAULT 0;
`;
