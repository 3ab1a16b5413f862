/** A step of the schema (schema.ts), in a file of its own. */
export const OUTAGE_STEP = `
  -- A destination that was away: one row however long it lasts (see outages.ts). until IS NULL = it goes on.
  CREATE TABLE outage (
    no INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    owner TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    probes INTEGER NOT NULL DEFAULT 0,
    probe_at INTEGER NOT NULL,
    well_at INTEGER,
    until INTEGER,
    batches INTEGER NOT NULL DEFAULT 0,
    files INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX outage_going_on ON outage (destination) WHERE until IS NULL;
`;
