/** A step of the schema (schema.ts), in a file of its own. */
export const BY_HAND_MISSED_STEP = `
  -- The run that looked for it and did not find it, until the next look: only a second one that says the same is believed.
  ALTER TABLE by_hand ADD COLUMN missed_in INTEGER;
`;
