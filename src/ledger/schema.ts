import { CHAIN_EVENTS } from './chain.ts';
import { AUDIT_ROUND_STEP } from './schema-audit-round.ts';
import { BY_HAND_SCHEMA } from './schema-by-hand.ts';
import { BY_HAND_CHECKED_STEP } from './schema-by-hand-checked.ts';
import { BY_HAND_MISSED_STEP } from './schema-by-hand-missed.ts';
import { CLAIM_STEP } from './schema-claim.ts';
import { CRASHES_STEP } from './schema-crashes.ts';
import { DOCUMENTS_STEP } from './schema-documents.ts';
import { FIRST_STEP } from './schema-first.ts';
import { JOINED_STEP } from './schema-joined.ts';
import { LOOKED_STEP } from './schema-looked.ts';
import { LOST_STEP } from './schema-lost.ts';
import { OUTAGE_STEP } from './schema-outage.ts';
import { OUTCOMES_STEP } from './schema-outcomes.ts';
import { PUBLICATION_STEP } from './schema-publication.ts';
import { REAUDIT_STEP } from './schema-reaudit.ts';
import { REQUEUE_STEP } from './schema-requeue.ts';
import { RESOLUTION_STEP } from './schema-resolution.ts';
import { STANDSTILL_STEP } from './schema-standstill.ts';
import { TOKEN_ACCOUNT_STEP } from './schema-token-account.ts';

/** Numbered forward steps; the ledger's `user_version` is the number of steps it has had. Never edit a step that shipped. */
export const SCHEMA_STEPS: readonly string[] = [
  FIRST_STEP,
  `
  -- An entry that is listed no more but is or was in a batch (see gone.ts). dir.gone, which held them before, grew with
  -- every file that ever was in a directory and was written anew with each change of it.
  CREATE TABLE gone (
    dir INTEGER NOT NULL,
    name BLOB NOT NULL,
    known BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (dir, name)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- What was learned of a token when it was enrolled; never its value.
  CREATE TABLE credential (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    remote_id TEXT,
    user_id TEXT,
    enrolled_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT;
  `,
  `
  -- What the last look found of each control file on a share (see controls.ts); since = our clock, when it became so.
  CREATE TABLE control (
    share TEXT NOT NULL,
    dir BLOB NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime TEXT NOT NULL,
    content BLOB,
    problem TEXT,
    since INTEGER NOT NULL,
    PRIMARY KEY (share, dir)
  ) STRICT;

  -- What a person decided of a path and everything below: to force it once, or to exclude it.
  CREATE TABLE decision (
    share TEXT NOT NULL,
    path BLOB NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    by TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (share, path)
  ) STRICT;
  `,
  `
  -- Looks that events brought about during the day (see early-looks.ts): the newest one of each directory.
  CREATE TABLE early_look (
    share TEXT NOT NULL,
    key BLOB NOT NULL,
    listing BLOB NOT NULL,
    since BLOB NOT NULL,
    PRIMARY KEY (share, key)
  ) STRICT;

  -- How the watching of each share stands, as the daemon last said.
  CREATE TABLE watch (
    share TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- The folder mappings that were accepted, oldest first: the newest is in force.
  CREATE TABLE mapping (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    reason TEXT,
    text TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- One walk of a share in one run: what it saw, or why it failed. A suspicion that nobody accepted is acted on by nobody.
  CREATE TABLE scan (
    share TEXT NOT NULL,
    run INTEGER NOT NULL,
    at INTEGER NOT NULL,
    counts TEXT,
    suspicion TEXT,
    accepted TEXT,
    problem TEXT,
    PRIMARY KEY (share, run)
  ) STRICT;

  -- Number of the newest whole walk to which the directory was out of reach: below one that could not be listed.
  ALTER TABLE dir ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- Directories whose files look like what was delivered from another one that is not there any more; renewed by each run.
  CREATE TABLE expected (
    share TEXT NOT NULL,
    dir BLOB NOT NULL,
    was BLOB NOT NULL,
    PRIMARY KEY (share, dir)
  ) STRICT, WITHOUT ROWID;

  -- Files of one directory that a run knew again as delivered before, by their content (see recognised.ts).
  CREATE TABLE recognised (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    share TEXT NOT NULL,
    dir BLOB NOT NULL,
    was BLOB NOT NULL,
    batch INTEGER NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    UNIQUE (share, dir, was, batch, kind, run)
  ) STRICT;
  CREATE INDEX recognised_by_run ON recognised (run, no);
  CREATE INDEX recognised_by_was ON recognised (share, was);
  CREATE INDEX recognised_by_batch ON recognised (batch);
  `,
  `
  -- Why the collector got a batch, as a code; NULL for batches of owners and for those planned before there were codes.
  ALTER TABLE batch ADD COLUMN code TEXT;
  `,
  `
  -- Which container each batch was sent into, and how many a lane has had.
  ALTER TABLE batch ADD COLUMN container TEXT;
  ALTER TABLE container ADD COLUMN part INTEGER NOT NULL DEFAULT 1;
  UPDATE batch SET container = (
    SELECT remote FROM container
    WHERE container.destination = batch.destination AND batch.lane = batch.destination || '/' || container.name
  ) WHERE sent = 1;
  CREATE INDEX batch_by_container ON batch (destination, json_extract(container, '$.id')) WHERE container IS NOT NULL;
  `,
  `
  -- Names that were not decided by the name alone: of a twin, or where the safe name was taken. For ever, so that what
  -- is delivered next goes where its neighbours are. Path and name are bytes; the path of a directory has '/' behind it.
  CREATE TABLE given_name (
    share TEXT NOT NULL,
    path BLOB NOT NULL,
    name BLOB NOT NULL,
    PRIMARY KEY (share, path)
  ) STRICT, WITHOUT ROWID;

  -- What is left of a gone entry's delivered name where neither case nor Unicode form counts; NULL = not told yet.
  ALTER TABLE gone ADD COLUMN folded BLOB;
  CREATE INDEX gone_folded ON gone (dir, folded);
  `,
  `
  -- Datasets that had not settled at the end of a run, kept until they have (see waiting.ts).
  CREATE TABLE waiting (
    share TEXT NOT NULL,
    dataset BLOB NOT NULL,
    since INTEGER NOT NULL,
    nights INTEGER NOT NULL,
    counted_at INTEGER NOT NULL,
    overdue INTEGER NOT NULL,
    first_files INTEGER NOT NULL,
    first_bytes INTEGER NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (share, dataset)
  ) STRICT;
  `,
  CLAIM_STEP,
  `
  -- The first batch of the same dataset, where this one came later (see nightly/late-joiner.ts).
  ALTER TABLE batch ADD COLUMN follows TEXT;
  CREATE INDEX batch_by_dataset ON batch (share, dataset, no);
  `,
  RESOLUTION_STEP,
  CHAIN_EVENTS,
  OUTAGE_STEP,
  OUTCOMES_STEP,
  DOCUMENTS_STEP,
  BY_HAND_SCHEMA,
  JOINED_STEP,
  LOST_STEP,
  REQUEUE_STEP,
  CRASHES_STEP,
  REAUDIT_STEP,
  BY_HAND_CHECKED_STEP,
  TOKEN_ACCOUNT_STEP,
  LOOKED_STEP,
  PUBLICATION_STEP,
  AUDIT_ROUND_STEP,
  BY_HAND_MISSED_STEP,
  STANDSTILL_STEP,
];
