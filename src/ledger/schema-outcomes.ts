/** The step that brought what becomes of bytes on their way: outcomes.ts, cuts.ts, containers.ts, lost-containers.ts. */
export const OUTCOMES_STEP = `
  -- The SHA-256 of a parcel that went out whole, while its outcome is unknown; empty: never to be relied on.
  ALTER TABLE batch ADD COLUMN sent_hashes BLOB;
  -- Grows with every parcel that is begun: what was sent into a container after another batch.
  ALTER TABLE batch ADD COLUMN sent_order INTEGER;
  -- The batch it was cut from, where its directory at the destination is that batch's.
  ALTER TABLE batch ADD COLUMN cut_from TEXT;
  CREATE INDEX batch_by_sent_order ON batch (sent_order) WHERE sent_order IS NOT NULL;

  -- Halves of a batch that the destination failed to process, and in which words a half failed itself.
  CREATE TABLE cut (
    piece TEXT PRIMARY KEY,
    whole TEXT NOT NULL,
    said TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cut_by_whole ON cut (whole);

  -- Parcels that a container refused after it had taken the whole of them.
  ALTER TABLE container ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;

  -- A container that is being made: there until the destination's answer to it is recorded.
  CREATE TABLE opening (
    destination TEXT NOT NULL,
    lane TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (destination, lane)
  ) STRICT, WITHOUT ROWID;

  -- Containers that the destination no longer has, or no longer takes from us.
  CREATE TABLE lost_container (
    destination TEXT NOT NULL,
    lane TEXT NOT NULL,
    id TEXT NOT NULL,
    part INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (destination, lane, id)
  ) STRICT, WITHOUT ROWID;
`;
