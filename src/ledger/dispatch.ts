import type { DatabaseSync } from 'node:sqlite';
import type { BatchId, DestinationName, OwnerId } from '../core/ids.ts';
import { HEAD_COLUMNS, headOf } from './batch-row.ts';
import { isHeldElsewhere } from './crashes.ts';
import { type Pause, type Pauses, pauseOf } from './pauses.ts';
import { IS_STILL } from './standstills.ts';
import { createSuspects } from './suspects.ts';
import { createWaits } from './waits-of-other-clocks.ts';

/**
 * The next batch of a lane. A lane is one container of one destination: it has at most one batch in flight. `lane` here
 * is what it stands in line for, so that lanes of one container have one together.
 */
export type LaneHead = {
  readonly id: BatchId;
  readonly lane: string;
  readonly owner: OwnerId;
  readonly destination: DestinationName;
  readonly plannedAt: number;
};
export type InFlight = Omit<LaneHead, 'plannedAt'> & {
  readonly state: 'queued' | 'delivering';
  /** Nothing has moved in its delivery for a while (see standstills.ts). */
  readonly isStill: boolean;
};

/** No wait is this long: a time further off was written by a clock that was ahead, and counts as due. */
const LONGEST_WAIT_MS = 25 * 3_600_000;

const IS_DUE = `(not_before <= ? OR not_before > ? + ${LONGEST_WAIT_MS})`;

/**
 * What a batch stands in line for: the container it goes into, as far as one is known, else its lane. Lanes that share a
 * container, because no more could be opened, are one line.
 */
const LINE = `coalesce(batch.destination || '#' || json_extract(batch.container, '$.id'),
  (SELECT container.destination || '#' || json_extract(remote, '$.id') FROM container
     WHERE container.destination = batch.destination AND name = substr(batch.lane, length(batch.destination) + 2)),
  batch.lane)`;

/** What the dispatcher asks of the ledger; cheap with tens of thousands of batches waiting. */
export function createDispatchView(db: DatabaseSync, pauses: Pauses) {
  const laneHeads = db.prepare(
    `SELECT ${HEAD_COLUMNS}, ${LINE} AS line FROM batch WHERE no IN (
       SELECT min(no) FROM batch INDEXED BY batch_by_state WHERE state = 'planned' AND ${IS_DUE}
         AND instrument NOT IN (SELECT name FROM pause WHERE kind = 'instrument' AND (until IS NULL OR until > ?))
         AND lane NOT IN (SELECT lane FROM batch WHERE state IN ('queued', 'delivering'))
       GROUP BY lane) ORDER BY no`,
  );
  const inFlight = db.prepare(
    `SELECT id, ${LINE} AS line, owner, destination, state, ${IS_STILL} AS still FROM batch WHERE state IN ('queued', 'delivering')`,
  );
  const waiting = db.prepare(
    "SELECT DISTINCT lane, owner, destination, instrument FROM batch INDEXED BY batch_by_state WHERE state = 'planned'",
  );
  const nextDue = db.prepare(
    "SELECT min(not_before) AS due FROM batch WHERE state = 'planned' AND not_before > ?",
  );

  const beginOthersAnew = createWaits(db);
  const apartFromSuspects = createSuspects(db);

  return {
    /** For every lane with nothing in flight and no pause, its first planned batch that is due; a suspect goes alone. */
    heads: (now: number): readonly LaneHead[] => {
      const paused = pauses.inForce(now);
      beginOthersAnew(now);
      const heads = laneHeads
        .all(now, now, now)
        .map((row) => ({ head: headOf(row), line: String(row['line']) }))
        .filter(({ head }) => pauseOf(paused, head) === undefined)
        .map(({ head, line }) => ({ ...head, lane: line }));
      return apartFromSuspects(heads, now);
    },

    inFlight: (): InFlight[] =>
      inFlight.all().map((row) => ({
        id: String(row['id']) as BatchId,
        lane: String(row['line']),
        owner: String(row['owner']) as OwnerId,
        destination: String(row['destination']) as DestinationName,
        state: row['state'] === 'queued' ? 'queued' : 'delivering',
        isStill: row['still'] === 1,
      })),

    /** True while another living process of this host has the attempt at the batch. */
    isHeldElsewhere: (id: BatchId): boolean => isHeldElsewhere(db, id),

    /** True while a batch is in flight, or waits for anything but the end of a pause; one that is `passing` is none. */
    isMoving: (now: number, isPassing: (pause: Pause) => boolean = () => false): boolean => {
      if (inFlight.get() !== undefined) return true;
      const paused = pauses.inForce(now).filter((pause) => !isPassing(pause));
      return waiting
        .all()
        .map(waitingOf)
        .some((batch) => pauseOf(paused, batch) === undefined);
    },

    /** When the next batch that waits for its time may go, or a pause is over; ms since 1970. */
    nextDueAt: (now: number): number | undefined => {
      const due = nextDue.get(now)?.['due'];
      const ends = pauses.inForce(now).flatMap(({ until }) => until ?? []);
      const all = [...(typeof due === 'number' ? [due] : []), ...ends];
      return all.length === 0 ? undefined : Math.min(...all);
    },
  };
}

function waitingOf(row: Record<string, unknown>): Parameters<typeof pauseOf>[1] {
  return {
    lane: String(row['lane']),
    owner: String(row['owner']),
    destination: String(row['destination']),
    instrument: String(row['instrument']),
  };
}
