/** The first step of the schema (schema.ts), in a file of its own. */
export const FIRST_STEP = `
  CREATE TABLE share (
    name TEXT PRIMARY KEY,
    identity TEXT NOT NULL
  ) STRICT;

  -- One packed row a directory: its listing as last seen, and beside each entry what we know of it (see facts.ts).
  CREATE TABLE dir (
    id INTEGER PRIMARY KEY,
    share TEXT NOT NULL,
    key BLOB NOT NULL,
    listing BLOB NOT NULL,
    facts BLOB NOT NULL,
    gone BLOB,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    open INTEGER NOT NULL,
    looked_at INTEGER NOT NULL,
    run INTEGER NOT NULL,
    UNIQUE (share, key)
  ) STRICT;
  CREATE INDEX dir_open ON dir (share, key) WHERE open > 0;

  CREATE TABLE batch (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    lane TEXT NOT NULL,
    share TEXT NOT NULL,
    owner TEXT NOT NULL,
    destination TEXT NOT NULL,
    dataset BLOB NOT NULL,
    instrument TEXT NOT NULL,
    rule TEXT NOT NULL,
    reason TEXT,
    facts TEXT NOT NULL,
    addendum INTEGER NOT NULL,
    compress INTEGER NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    list BLOB NOT NULL,
    hashes BLOB,
    state TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    planned_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    run INTEGER NOT NULL,
    error TEXT,
    receipt TEXT
  ) STRICT;
  CREATE INDEX batch_by_state ON batch (state, lane, no);

  CREATE TABLE container (
    destination TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    remote TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    PRIMARY KEY (destination, name)
  ) STRICT;

  CREATE TABLE run (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    due_at INTEGER,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    outcome TEXT,
    report TEXT
  ) STRICT;

  -- A pause stops deliveries of an owner, a destination, an instrument or a lane until it is lifted or over.
  CREATE TABLE pause (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    code TEXT,
    PRIMARY KEY (kind, name)
  ) STRICT;

  CREATE TABLE event (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    batch INTEGER,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX event_by_batch ON event (batch, no) WHERE batch IS NOT NULL;
  `;
