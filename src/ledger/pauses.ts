import type { DatabaseSync } from 'node:sqlite';
import { recordEvent } from './events.ts';
import { goingOn, type Outage, tryAnyway } from './outages.ts';
import { inTransaction } from './transaction.ts';

export const PAUSE_KINDS = ['owner', 'destination', 'instrument', 'lane'] as const;
export type PauseKind = (typeof PAUSE_KINDS)[number];

/** A stop of deliveries. `code` is the error that made it (ours, lifted when the cause is gone); undefined = a person did. */
export type Pause = {
  readonly kind: PauseKind;
  readonly name: string;
  readonly reason: string;
  readonly since: number;
  readonly until: number | undefined;
  readonly code: string | undefined;
  /** Of an outage: how often the destination was asked whether it is back, and when it is asked next. */
  readonly probes?: number;
  readonly probeAt?: number;
};

export type Pauses = ReturnType<typeof createPauses>;

/** Holds by people and pauses by errors; one that is over is gone at the next look. */
export function createPauses(db: DatabaseSync) {
  return {
    put: (pause: Pause): void =>
      inTransaction(db, () => {
        db.prepare(
          `INSERT INTO pause (kind, name, reason, since, until, code) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (kind, name) DO UPDATE SET reason = excluded.reason, since = excluded.since, until = excluded.until, code = excluded.code
           WHERE pause.code IS NOT NULL OR excluded.code IS NULL OR pause.until <= excluded.since`,
        ).run(pause.kind, pause.name, pause.reason, pause.since, pause.until ?? null, pause.code ?? null);
        recordEvent(db, {
          at: pause.since,
          what: 'pause.set',
          detail: `${pause.kind} ${pause.name}: ${pause.reason}`,
        });
      }),

    /** True when there was one to lift. */
    lift: (kind: PauseKind, name: string, at: number): boolean =>
      inTransaction(db, () => {
        const deleted =
          db.prepare('DELETE FROM pause WHERE kind = ? AND name = ?').run(kind, name).changes > 0;
        const lifted = (kind === 'destination' && tryAnyway(db, name, at)) || deleted;
        if (lifted) recordEvent(db, { at, what: 'pause.lifted', detail: `${kind} ${name}` });
        return lifted;
      }),

    /** The pauses in force at `now`, and the destinations that are away. */
    inForce: (now: number): Pause[] => [
      ...db
        .prepare(
          'SELECT kind, name, reason, since, until, code FROM pause WHERE until IS NULL OR until > ? ORDER BY kind, name',
        )
        .all(now)
        .map((row) => ({
          kind: String(row['kind']) as PauseKind,
          name: String(row['name']),
          reason: String(row['reason']),
          since: Number(row['since']),
          until: row['until'] === null ? undefined : Number(row['until']),
          code: row['code'] === null ? undefined : String(row['code']),
        })),
      ...goingOn(db).flatMap(pauseFor),
    ],
  };
}

function pauseFor({ destination, code, reason, since, probes, probeAt, wellAt }: Outage): Pause[] {
  if (wellAt !== undefined) return [];
  return [{ kind: 'destination', name: destination, reason, since, until: undefined, code, probes, probeAt }];
}

/** The pause that stops a batch of this owner, destination, instrument and lane, if any. */
export function pauseOf(
  pauses: readonly Pause[],
  batch: {
    readonly owner: string;
    readonly destination: string;
    readonly instrument: string;
    readonly lane?: string;
  },
): Pause | undefined {
  return pauses.find(({ kind, name }) => {
    if (kind === 'owner') return name === batch.owner;
    if (kind === 'destination') return name === batch.destination;
    if (kind === 'instrument') return name === batch.instrument;
    return name === batch.lane;
  });
}
