import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, DestinationName, OwnerId, ShareName } from '../core/ids.ts';
import type { SharePath } from '../core/share-path.ts';
import type { BatchState } from '../core/states.ts';
import { createAccounts } from './accounts.ts';
import { type BatchHead, HEAD_COLUMNS, headOf } from './batch-row.ts';
import { Batches } from './batches.ts';
import { createByHand } from './by-hand.ts';
import { createClaims } from './claims.ts';
import { type Collected, collectedIn, lastOfOwner } from './collected.ts';
import { createContainerDocuments } from './container-documents.ts';
import { type ContainerEvent, containerEvents } from './container-events.ts';
import { createContainers } from './containers.ts';
import { createControls } from './controls.ts';
import { createCredentials } from './credentials.ts';
import { createCuts } from './cuts.ts';
import { createDecisions } from './decisions.ts';
import { type DeliveredContent, deliveredContent } from './delivered-content.ts';
import { createDispatchView } from './dispatch.ts';
import { EarlyLooks } from './early-looks.ts';
import { recordEvent } from './events.ts';
import { type DatasetAt, firstBatchOf } from './first-batch.ts';
import { guardLedger } from './guard-ledger.ts';
import { createHistory } from './history.ts';
import { checkIntegrity } from './integrity.ts';
import { joinedIn } from './joined.ts';
import { createKnownContainers } from './known-containers.ts';
import { Looks } from './looks.ts';
import { createLostContainers } from './lost-containers.ts';
import { createMappings } from './mappings.ts';
import { createNeighbours } from './neighbours.ts';
import { copyDatabase, openDatabase } from './open-database.ts';
import { createOpenings } from './openings.ts';
import { createOutages } from './outages.ts';
import { createOutcomes } from './outcomes.ts';
import { createPauses } from './pauses.ts';
import { createPublications } from './publications.ts';
import { createReaudits } from './reaudits.ts';
import { createRecognised } from './recognised.ts';
import { createRequeues } from './requeues.ts';
import { createResolutions } from './resolutions.ts';
import { createRuns } from './runs.ts';
import { Scans } from './scans.ts';
import { createStandstillMarks } from './standstills.ts';
import { inTransaction } from './transaction.ts';
import { createUnrecorded } from './unrecorded.ts';
import { gatherVanished, hasVanished, type Vanished } from './vanished.ts';

import { createWaiting } from './waiting.ts';

import { createWatches } from './watches.ts';

/** The durable record: looks, batches, containers, runs, pauses and the history of them. The truth. */
export type Ledger = ReturnType<typeof ledgerOn>;

/** Opens the ledger of a state directory; several processes of one host may have it open at once. */
export function openLedger(stateDir: string): Ledger {
  const db = openDatabase(stateDir);
  return ledgerOn(db, guardLedger(db));
}

/** A copy in memory, for commands that must write nothing anywhere. */
export function copyLedger(stateDir: string): Ledger {
  const db = copyDatabase(stateDir);
  return ledgerOn(db, guardLedger(db));
}

function ledgerOn(db: DatabaseSync, damaged: AbortSignal) {
  const looks = new Looks(db);
  const pauses = createPauses(db);
  const batches = new Batches(db, looks);
  return {
    /** Aborted, with LEDGER_CORRUPT, when damage is met: nothing is read or written any more. */
    damaged,
    looks,
    earlyLooks: new EarlyLooks(db),
    watches: createWatches(db),
    neighbours: createNeighbours(db),
    pauses,
    outages: createOutages(db),
    controls: createControls(db),
    decisions: createDecisions(db),
    batches,
    recognised: createRecognised(db),
    accounts: createAccounts(db),
    byHand: createByHand(db),
    firstBatchOf: (of: DatasetAt): BatchId | undefined => firstBatchOf(db, of),
    deliveredContent: (): DeliveredContent => deliveredContent(batches),
    ...vanishedOf(db),
    transaction: <T>(work: () => T): T => inTransaction(db, work),
    waiting: createWaiting(db),
    reaudits: createReaudits(db),
    requeues: createRequeues(db),
    runs: createRuns(db),
    resolutions: createResolutions(db),
    collected: (): Collected[] => collectedIn(db),
    lastOfOwner: (owner: OwnerId, instrument: string): number | undefined =>
      lastOfOwner(db, owner, instrument),
    scans: new Scans(db),
    containers: createContainers(db),
    containerDocuments: createContainerDocuments(db),
    containerEvents: (since: number): ContainerEvent[] => containerEvents(db, since),
    knownContainers: createKnownContainers(db),
    lostContainers: createLostContainers(db),
    openings: createOpenings(db),
    publications: createPublications(db),
    outcomes: createOutcomes(db),
    unrecorded: createUnrecorded(db),
    cuts: createCuts(db, batches),
    identities: createIdentities(db),
    credentials: createCredentials(db),
    mappings: createMappings(db),
    claims: createClaims(db, looks),
    dispatch: createDispatchView(db, pauses),
    standstills: createStandstillMarks(db),
    counts: (): BatchCount[] => countBatches(db),
    joinedIn: (no: number): SharePath[] => joinedIn(db, no),
    list: (filter: BatchFilter = {}): Generator<BatchHead> => listBatches(db, filter),
    ...createHistory(db),
    /** Changes whenever another process has committed something. */
    version: (): number => Number(db.prepare('PRAGMA data_version').get()?.['data_version'] ?? 0),
    /** Throws LEDGER_CORRUPT when a page or a row of it is damaged; reads all of it and mends nothing. */
    checkIntegrity: (): void => checkIntegrity(db, db.location() ?? 'in memory', 'quick'),
    close: (): void => {
      if (db.isOpen) db.close();
    },
  };
}

function vanishedOf(db: DatabaseSync) {
  return {
    hasVanished: (share: ShareName, runNo: number): boolean => hasVanished(db, share, runNo),
    gatherVanished: (
      share: ShareName,
      runNo: number,
      fresh: Parameters<typeof gatherVanished>[3],
    ): Vanished => gatherVanished(db, share, runNo, fresh),
  };
}

/** The batches of one state together. */
export type BatchCount = {
  readonly state: BatchState;
  readonly batches: number;
  readonly files: number;
  readonly bytes: number;
};

function countBatches(db: DatabaseSync): BatchCount[] {
  return db
    .prepare(
      'SELECT state, count(*) AS batches, sum(files) AS files, sum(bytes) AS bytes FROM batch GROUP BY state',
    )
    .all()
    .map((row) => ({
      state: String(row['state']) as BatchState,
      batches: Number(row['batches']),
      files: Number(row['files']),
      bytes: Number(row['bytes']),
    }));
}

/** What `list` narrows to; all given must hold. */
export type BatchFilter = {
  readonly states?: readonly BatchState[];
  readonly owner?: OwnerId;
  readonly destination?: DestinationName;
  readonly instrument?: string;
  readonly code?: string;
  readonly changedSince?: number;
  readonly runNo?: number;
};

function* listBatches(db: DatabaseSync, filter: BatchFilter): Generator<BatchHead> {
  const page = db.prepare(
    `SELECT ${HEAD_COLUMNS} FROM batch WHERE no > ?1
       AND (?2 IS NULL OR state IN (SELECT value FROM json_each(?2)))
       AND (?3 IS NULL OR owner = ?3) AND (?4 IS NULL OR destination = ?4)
       AND (?5 IS NULL OR json_extract(error, '$.code') = ?5)
       AND (?6 IS NULL OR changed_at >= ?6) AND (?7 IS NULL OR run = ?7)
       AND (?8 IS NULL OR instrument = ?8)
     ORDER BY no LIMIT 500`,
  );
  const states = filter.states === undefined ? null : JSON.stringify(filter.states);
  const rest = [
    filter.owner ?? null,
    filter.destination ?? null,
    filter.code ?? null,
    filter.changedSince ?? null,
    filter.runNo ?? null,
    filter.instrument ?? null,
  ];
  for (let after = 0; ; ) {
    const rows = page.all(after, states, ...rest).map(headOf);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.no;
  }
}

function createIdentities(db: DatabaseSync) {
  const save = (share: ShareName, identity: string): void =>
    inTransaction(db, () => {
      db.prepare(
        'INSERT INTO share (name, identity) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET identity = excluded.identity',
      ).run(share, identity);
    });
  return {
    /** How a share looked when it was last proven, as JSON text. */
    find: (share: ShareName): string | undefined => {
      const row = db.prepare('SELECT identity FROM share WHERE name = ?').get(share);
      return row === undefined ? undefined : String(row['identity']);
    },
    save,
    /** A person says that a share is another mount from now on. */
    accept: (share: ShareName, identity: string, { at, by }: { at: number; by: string }): void =>
      inTransaction(db, () => {
        save(share, identity);
        recordEvent(db, { at, what: 'share.accepted', detail: `${share}: by ${by}: ${identity}` });
      }),
  };
}
