/** A step of `SCHEMA_STEPS`: data that goes into containers of its own, and what was said of a container there. */
export const DOCUMENTS_STEP = `
  -- The rule whose containers a batch goes into, apart from the owner's other data.
  ALTER TABLE batch ADD COLUMN apart TEXT;

  -- What was last put into a container to describe it (see container-documents.ts).
  CREATE TABLE container_document (
    destination TEXT NOT NULL,
    container TEXT NOT NULL,
    document TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (destination, container)
  ) STRICT, WITHOUT ROWID;
  `;
