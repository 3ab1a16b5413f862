/** A step of the schema (schema.ts), in a file of its own. */
export const LOST_STEP = `
  -- 1: the container takes nothing more because it was published, so that what is in it stays; 0: it may be gone.
  ALTER TABLE lost_container ADD COLUMN published INTEGER NOT NULL DEFAULT 0;
`;
