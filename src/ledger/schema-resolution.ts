/** A step of `SCHEMA_STEPS`: what sources beside the path said. */
export const RESOLUTION_STEP = `
  -- What a source beside the path said of the owner of a dataset; asked again when it is over, or its file is another.
  CREATE TABLE resolution (
    share TEXT NOT NULL,
    dataset BLOB NOT NULL,
    rule TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    said TEXT NOT NULL,
    stamp TEXT NOT NULL,
    at INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (share, dataset, rule, source)
  ) STRICT, WITHOUT ROWID;
  `;
