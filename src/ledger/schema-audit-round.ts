/** A step of the schema (schema.ts), in a file of its own. */
export const AUDIT_ROUND_STEP = `
  -- When a destination last told of it in a round that came by itself: what persons ask for puts off no such round. Of the
  -- rows before there was this column nobody knows who asked.
  ALTER TABLE reaudit ADD COLUMN round_at INTEGER;
  UPDATE reaudit SET round_at = told_at;
`;
