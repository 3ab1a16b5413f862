/** Tables of what owners upload by hand. */
export const BY_HAND_SCHEMA = `
  -- The files of a container of an account as they were listed once; NULL = too many. Good while the stamp is the same.
  CREATE TABLE account_listing (
    destination TEXT NOT NULL,
    owner TEXT NOT NULL,
    id TEXT NOT NULL,
    stamp TEXT NOT NULL,
    files TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (destination, owner, id)
  ) STRICT;

  -- Why the account of an owner could not be looked through, and in how many runs in a row; gone when it could.
  CREATE TABLE account_unknown (
    destination TEXT NOT NULL,
    owner TEXT NOT NULL,
    why TEXT NOT NULL,
    since INTEGER NOT NULL,
    run INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    waits INTEGER NOT NULL,
    PRIMARY KEY (destination, owner)
  ) STRICT;

  -- Datasets of which all ('all') or some ('some') files were found in a container that their owner filled by hand.
  CREATE TABLE by_hand (
    share TEXT NOT NULL,
    dataset BLOB NOT NULL,
    owner TEXT NOT NULL,
    destination TEXT NOT NULL,
    kind TEXT NOT NULL,
    container TEXT NOT NULL,
    below TEXT NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    of_files INTEGER NOT NULL,
    at INTEGER NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (share, dataset, owner, destination)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX by_hand_by_run ON by_hand (run);
  `;
