/** A step of the schema (schema.ts), in a file of its own. */
export const CRASHES_STEP = `
  -- Which process has the attempt under way, and how many in a row were gone before they told what came of theirs (see
  -- crashes.ts).
  ALTER TABLE batch ADD COLUMN holder TEXT;
  ALTER TABLE batch ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX batch_by_crashes ON batch (crashes) WHERE crashes >= 2;
`;
