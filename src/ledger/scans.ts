import type { DatabaseSync } from 'node:sqlite';
import type { ShareName } from '../core/ids.ts';
import { textOf } from './batch-row.ts';
import { recordEvent } from './events.ts';
import { inTransaction } from './transaction.ts';

/** What a walk of a whole share counted; what lies below a directory that could not be listed is counted as known. */
export type ScanCounts = {
  readonly files: number;
  readonly bytes: number;
  /** Data files by owner, by the mapping of that evening. */
  readonly owners: Readonly<Record<string, number>>;
  /** Which mapping it was: owners are only compared under the same one. */
  readonly mapping: string;
};

/** Why a walk is not believed: it is far from what was usual. `since`: the first that was so; ms since 1970. */
export type Suspicion = {
  readonly kind: 'drop' | 'surge';
  /** Both numbers, as a sentence for a person. */
  readonly what: string;
  /** Owners that had files before and have none. */
  readonly lost: readonly string[];
  readonly since: number;
};

/** A walk that came to its end. `accepted`: who said that a suspicious one is right. */
export type Scan = {
  readonly runNo: number;
  readonly at: number;
  readonly counts: ScanCounts;
  readonly suspicion: Suspicion | undefined;
  readonly accepted: string | undefined;
};

export type ScanProblem = { readonly code: string; readonly message: string; readonly hint: string };

/** A share that could not be looked at, since when, and why the newest try failed. */
export type Offline = { readonly since: number; readonly problem: ScanProblem };

/** Walks that are remembered when the next one is held against them: more than two weeks of evenings. */
const HISTORY = 200;

const TRUSTED = 'counts IS NOT NULL AND (suspicion IS NULL OR accepted IS NOT NULL)';

/** The walks of each share: its own history, against which the next one is held. */
export class Scans {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Records a walk that came to its end, with what is thought of it. */
  record(share: ShareName, { runNo, at, counts, suspicion, accepted }: Scan): void {
    const told = suspicion === undefined ? null : JSON.stringify(suspicion);
    inTransaction(this.#db, () => {
      this.#db
        .prepare(
          `INSERT INTO scan (share, run, at, counts, suspicion, accepted) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (share, run) DO UPDATE SET at = excluded.at, counts = excluded.counts,
             suspicion = excluded.suspicion, accepted = excluded.accepted, problem = NULL`,
        )
        .run(share, runNo, at, JSON.stringify(counts), told, accepted ?? null);
      if (suspicion !== undefined)
        recordEvent(this.#db, { at, what: 'scan.suspicious', detail: `${share}: ${suspicion.what}` });
      if (accepted !== undefined) this.#recordAccepted(share, at, accepted);
    });
  }

  /** Records that the share could not be looked at, or lost its proof; what it counted before that stays. */
  fail(share: ShareName, runNo: number, at: number, { code, message, hint }: ScanProblem): void {
    inTransaction(this.#db, () => {
      this.#db
        .prepare(
          `INSERT INTO scan (share, run, at, problem) VALUES (?, ?, ?, ?)
           ON CONFLICT (share, run) DO UPDATE SET problem = excluded.problem`,
        )
        .run(share, runNo, at, JSON.stringify({ code, message, hint }));
    });
  }

  /** Number of the run whose walk is the newest that is believed; 0 = none. */
  newestTrusted(share: ShareName): number {
    const row = this.#db
      .prepare(`SELECT max(run) AS run FROM scan WHERE share = ? AND ${TRUSTED}`)
      .get(share);
    return Number(row?.['run'] ?? 0);
  }

  /** Number of the run whose looks are the truth about the share; 0 = none. */
  lastLooked(share: ShareName): number {
    const trusted = this.newestTrusted(share);
    if (trusted > 0) return trusted;
    // Before walks were recorded there were only looks.
    const row = this.#db.prepare('SELECT max(run) AS run FROM dir WHERE share = ?').get(share);
    return Number(row?.['run'] ?? 0);
  }

  /** The walks since the newest trusted one, none of them believed yet; oldest first. */
  suspects(share: ShareName): Scan[] {
    return this.#db
      .prepare('SELECT * FROM scan WHERE share = ? AND run > ? AND counts IS NOT NULL ORDER BY run')
      .all(share, this.newestTrusted(share))
      .map(scanOf);
  }

  /** What is held against the newest walk; undefined when it is believed. */
  suspicionOf(share: ShareName): Suspicion | undefined {
    return this.suspects(share).at(-1)?.suspicion;
  }

  /** Trusted walks, newest first, back to (and with) the newest that had to be accepted. */
  history(share: ShareName): Scan[] {
    const scans = this.#db
      .prepare(`SELECT * FROM scan WHERE share = ? AND ${TRUSTED} ORDER BY run DESC LIMIT ?`)
      .all(share, HISTORY)
      .map(scanOf);
    const accepted = scans.findIndex((scan) => scan.accepted !== undefined);
    return accepted < 0 ? scans : scans.slice(0, accepted + 1);
  }

  /** Undefined when the newest try to look at the share came to its end. */
  offline(share: ShareName): Offline | undefined {
    const failed = this.#db
      .prepare(
        `SELECT at, problem FROM scan WHERE share = ?1 AND problem IS NOT NULL AND run >
           (SELECT coalesce(max(run), 0) FROM scan WHERE share = ?1 AND problem IS NULL) ORDER BY run`,
      )
      .all(share);
    const [first, last] = [failed[0], failed.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    return { since: Number(first['at']), problem: JSON.parse(String(last['problem'])) as ScanProblem };
  }

  /** Believes the walk of a run; false when it is not the newest any more, or nothing is held against it. */
  accept(share: ShareName, runNo: number, { at, by }: { readonly at: number; readonly by: string }): boolean {
    return inTransaction(this.#db, () => {
      const newest = this.suspects(share).at(-1);
      if (newest?.runNo !== runNo) return false;
      this.#db
        .prepare('UPDATE scan SET accepted = ? WHERE share = ? AND run = ?')
        .run(by, share, newest.runNo);
      this.#recordAccepted(share, at, by);
      return true;
    });
  }

  #recordAccepted(share: ShareName, at: number, by: string): void {
    recordEvent(this.#db, { at, what: 'scan.accepted', detail: `${share}: by ${by}` });
  }
}

function scanOf(row: Record<string, unknown>): Scan {
  const suspicion = textOf(row['suspicion']);
  return {
    runNo: Number(row['run']),
    at: Number(row['at']),
    counts: JSON.parse(String(row['counts'])) as ScanCounts,
    suspicion: suspicion === undefined ? undefined : (JSON.parse(suspicion) as Suspicion),
    accepted: textOf(row['accepted']),
  };
}
