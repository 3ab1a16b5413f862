import type { DatabaseSync } from 'node:sqlite';
import { type DestinationName, destinationName, type OwnerId, ownerId } from '../core/ids.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/** A time in which a destination was away, for all of its batches. Times in ms since 1970. */
export type Outage = {
  readonly destination: DestinationName;
  /** Whose delivery met it: the destination is asked with the credential of this owner. */
  readonly owner: OwnerId;
  readonly code: string;
  readonly reason: string;
  readonly since: number;
  /** How often it was asked whether it is back, and when it is asked next. */
  readonly probes: number;
  readonly probeAt: number;
  /** Since when it answers again, while no delivery has shown yet that it is back. */
  readonly wellAt: number | undefined;
  readonly until: number | undefined;
  /** The most that waited for it. */
  readonly waited: Waited;
};

export type Waited = { readonly batches: number; readonly files: number; readonly bytes: number };

type Cause = Pick<Outage, 'owner' | 'code' | 'reason' | 'probeAt'> & { readonly at: number };

export type Outages = ReturnType<typeof createOutages>;

/** The outages of destinations. Each is one row, which its probes only change: hours of it take no more room than minutes. */
export function createOutages(db: DatabaseSync) {
  const one = (destination: DestinationName): Outage | undefined => {
    const row = db.prepare('SELECT * FROM outage WHERE until IS NULL AND destination = ?').get(destination);
    return row === undefined ? undefined : outageOf(row);
  };
  const waiting = (destination: DestinationName): Waited => waitingAt(db, destination);
  return {
    waiting,

    /** Whether anything is on its way or waits there for another owner, whose lane no pause keeps. */
    othersWait: (destination: DestinationName, owner: OwnerId): boolean =>
      othersWaitAt(db, destination, owner),

    /** The outage of this destination that goes on, if any. */
    of: one,

    goingOn: (): Outage[] => goingOn(db),

    /** `begun`: there was none; `again`: it had seemed to be over; `known`: it goes on. */
    begin: (destination: DestinationName, cause: Cause): 'begun' | 'again' | 'known' =>
      inTransaction(db, () => {
        const before = one(destination);
        if (before === undefined) insert(db, destination, cause);
        else resume(db, destination, cause);
        remember(db, destination);
        if (before === undefined) return 'begun';
        return before.wellAt === undefined ? 'known' : 'again';
      }),

    /** It was asked and is still away. */
    probed: (destination: DestinationName, cause: Pick<Cause, 'code' | 'reason' | 'probeAt'>): void =>
      inTransaction(db, () => {
        db.prepare(
          `UPDATE outage SET probes = probes + 1, code = ?, reason = ?, probe_at = ?
           WHERE destination = ? AND until IS NULL AND well_at IS NULL`,
        ).run(cause.code, cause.reason, cause.probeAt, destination);
        remember(db, destination);
      }),

    /** Every destination that is away is asked at `at` at the latest. */
    askAt: (at: number): void =>
      inTransaction(db, () => {
        db.prepare('UPDATE outage SET probe_at = ?1 WHERE until IS NULL AND probe_at > ?1').run(at);
      }),

    /** It was asked and answers well: deliveries go again, and the first that arrives ends the outage. */
    well: (destination: DestinationName, at: number): void =>
      inTransaction(db, () => {
        db.prepare(
          'UPDATE outage SET probes = probes + 1, well_at = ? WHERE destination = ? AND until IS NULL AND well_at IS NULL',
        ).run(at, destination);
      }),

    /** The end of an outage that seemed to be over; undefined when there is none. */
    end: (destination: DestinationName, at: number): Outage | undefined =>
      inTransaction(db, () => {
        const before = one(destination);
        if (before?.wellAt === undefined) return undefined;
        db.prepare('UPDATE outage SET until = well_at WHERE destination = ? AND until IS NULL').run(
          destination,
        );
        recordEvent(db, { at, what: 'outage.over', detail: destination });
        return { ...before, until: before.wellAt };
      }),

    /** What went on at some time from `since` on, in the order of its beginning. */
    from: (since: number): Outage[] =>
      db
        .prepare('SELECT * FROM outage WHERE until IS NULL OR until >= ? ORDER BY no')
        .all(since)
        .map(outageOf),
  };
}

export function goingOn(db: DatabaseSync): Outage[] {
  return db.prepare('SELECT * FROM outage WHERE until IS NULL ORDER BY destination').all().map(outageOf);
}

/** A person says that it shall be tried at once. True when the destination was away. */
export function tryAnyway(db: DatabaseSync, destination: string, at: number): boolean {
  return (
    db
      .prepare('UPDATE outage SET well_at = ? WHERE destination = ? AND until IS NULL AND well_at IS NULL')
      .run(at, destination).changes > 0
  );
}

function insert(db: DatabaseSync, destination: DestinationName, cause: Cause): void {
  const { owner, code, reason, at, probeAt } = cause;
  db.prepare(
    'INSERT INTO outage (destination, owner, code, reason, since, probe_at) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(destination, owner, code, reason, at, probeAt);
  recordEvent(db, { at, what: 'outage.begun', detail: `${destination}: ${reason}` });
}

/** One that goes on is asked no earlier than the newest answer wants; one that seemed to be over goes on. */
function resume(db: DatabaseSync, destination: DestinationName, cause: Cause): void {
  const { owner, code, reason, probeAt } = cause;
  db.prepare(
    `UPDATE outage SET probe_at = max(probe_at, ?1), owner = iif(well_at IS NULL, owner, ?2), code = iif(well_at IS NULL, code, ?3),
       reason = iif(well_at IS NULL, reason, ?4), well_at = NULL
     WHERE destination = ?5 AND until IS NULL`,
  ).run(probeAt, owner, code, reason, destination);
}

function remember(db: DatabaseSync, destination: DestinationName): void {
  const { batches, files, bytes } = waitingAt(db, destination);
  db.prepare(
    'UPDATE outage SET batches = ?1, files = ?2, bytes = ?3 WHERE destination = ?4 AND until IS NULL AND batches <= ?1',
  ).run(batches, files, bytes, destination);
}

function othersWaitAt(db: DatabaseSync, destination: DestinationName, owner: OwnerId): boolean {
  return (
    db
      .prepare(
        `SELECT 1 FROM batch WHERE state IN ('planned', 'queued', 'delivering') AND destination = ?1 AND owner <> ?2
           AND NOT EXISTS (SELECT 1 FROM pause WHERE (kind = 'lane' AND name = lane) OR (kind = 'owner' AND name = owner))
         LIMIT 1`,
      )
      .get(destination, owner) !== undefined
  );
}

function waitingAt(db: DatabaseSync, destination: DestinationName): Waited {
  const row = db
    .prepare(
      `SELECT count(*) AS batches, total(files) AS files, total(bytes) AS bytes FROM batch
       WHERE state IN ('planned', 'queued', 'delivering') AND destination = ?`,
    )
    .get(destination);
  return {
    batches: Number(row?.['batches']),
    files: Number(row?.['files']),
    bytes: Number(row?.['bytes']),
  };
}

const timeOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

function outageOf(row: Record<string, unknown>): Outage {
  return {
    destination: destinationName(String(row['destination'])),
    owner: ownerId(String(row['owner'])),
    code: String(row['code']),
    reason: String(row['reason']),
    since: Number(row['since']),
    probes: Number(row['probes']),
    probeAt: Number(row['probe_at']),
    wellAt: timeOf(row['well_at']),
    until: timeOf(row['until']),
    waited: { batches: Number(row['batches']), files: Number(row['files']), bytes: Number(row['bytes']) },
  };
}
