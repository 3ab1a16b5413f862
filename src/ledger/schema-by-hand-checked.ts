/** A step of the schema (schema.ts), in a file of its own. */
export const BY_HAND_CHECKED_STEP = `
  -- When the data was last seen where it was found (NULL: not since), the run that looked for it last, and what that run
  -- said against it: why nobody could look, or, for the kind 'gone', what is not there any more.
  ALTER TABLE by_hand ADD COLUMN seen_at INTEGER;
  ALTER TABLE by_hand ADD COLUMN looked_in INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE by_hand ADD COLUMN why TEXT;
`;
