import type { DatabaseSync } from 'node:sqlite';
import { CLOCKS_APART_MS, isDatedAhead } from '../core/clock.ts';
import { type RunId, runId } from '../core/ids.ts';
import { textOf } from './batch-row.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/** One evening's pass. `outcome` undefined: it is going on, or its process died. */
export type Run = {
  readonly no: number;
  readonly id: RunId;
  readonly dueAt: number | undefined;
  readonly startedAt: number;
  /** Deliveries from here on are this run's: the end of the run before it, or its own start. ms since 1970. */
  readonly since: number;
  readonly finishedAt: number | undefined;
  readonly outcome: string | undefined;
  /** The report as JSON text. */
  readonly report: string | undefined;
};

/** A run that ended later than this one began was dated by a clock that was ahead. */
const RUNS = `SELECT *, (SELECT max(before.finished_at) FROM run AS before
    WHERE before.no < run.no AND before.finished_at <= run.started_at + ${CLOCKS_APART_MS}) AS before_end FROM run`;

/** Whether what happened at a time is the run's to tell; what a clock dated ahead was told by the run that it was ahead in. */
export const ofRun =
  ({ since }: Pick<Run, 'since'>, now: number) =>
  (at: number): boolean =>
    at >= since && !isDatedAhead(at, now);

export function createRuns(db: DatabaseSync) {
  return {
    /** Records that a run begins; `dueAt` is the evening it is for, undefined for one asked for by hand. */
    start: (at: number, dueAt: number | undefined): Run =>
      inTransaction(db, () => {
        const stamp = new Date(at).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
        const same = Number(
          db.prepare("SELECT count(*) AS n FROM run WHERE id LIKE ? || '%'").get(`r-${stamp}`)?.['n'] ?? 0,
        );
        const id = same === 0 ? `r-${stamp}` : `r-${stamp}-${same + 1}`;
        db.prepare('INSERT INTO run (id, due_at, started_at) VALUES (?, ?, ?)').run(id, dueAt ?? null, at);
        recordEvent(db, { at, what: 'run.started', detail: id });
        const row = db.prepare(`${RUNS} WHERE id = ?`).get(id);
        return runOf(row ?? {});
      }),

    finish: (no: number, at: number, outcome: string, report: string): void =>
      inTransaction(db, () => {
        // Deliveries are dated by the system's clock, a run by one that does not jump: what was told of in this report is
        // before its end whatever the two say, or the next run would tell of it again.
        db.prepare(
          `UPDATE run SET outcome = ?2, report = ?3, finished_at = max(?1, 1 + coalesce((
             SELECT max(at) FROM (SELECT at FROM event ORDER BY no DESC LIMIT 1000) WHERE at < ?1 + ${CLOCKS_APART_MS}
           ), 0)) WHERE no = ?4`,
        ).run(at, outcome, report, no);
        const { id, finished_at: end } =
          db.prepare('SELECT id, finished_at FROM run WHERE no = ?').get(no) ?? {};
        recordEvent(db, { at: Number(end), what: 'run.finished', detail: `${String(id)}: ${outcome}` });
      }),

    /** True when no run before it came to its end. */
    isFirst: (no: number): boolean =>
      db
        .prepare("SELECT 1 FROM run WHERE no < ? AND outcome IS NOT NULL AND outcome <> 'cut' LIMIT 1")
        .get(no) === undefined,

    /** The newest runs first. */
    latest: (limit: number): Run[] => db.prepare(`${RUNS} ORDER BY no DESC LIMIT ?`).all(limit).map(runOf),

    /** The run of the newest evening until `now`, whether it came to its end or not; undefined when there was none. */
    lastEvening: (now: number): Run | undefined => {
      const row = db
        .prepare(`${RUNS} WHERE due_at <= ? ORDER BY due_at DESC, no DESC LIMIT 1`)
        .get(now + CLOCKS_APART_MS);
      return row === undefined ? undefined : runOf(row);
    },
  };
}

const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

function runOf(row: Record<string, unknown>): Run {
  return {
    no: Number(row['no']),
    id: runId(String(row['id'])),
    dueAt: numberOf(row['due_at']),
    startedAt: Number(row['started_at']),
    since: numberOf(row['before_end']) ?? Number(row['started_at']),
    finishedAt: numberOf(row['finished_at']),
    outcome: textOf(row['outcome']),
    report: textOf(row['report']),
  };
}
