import type { DatabaseSync } from 'node:sqlite';
import { textOf } from './batch-row.ts';
import { inTransaction } from './transaction.ts';

/** What came of the batches of one class of errors that one requeue put back; each of them is counted once. */
export type RequeueResult = {
  /** The code of the error they had; undefined: none, they were delivered. */
  readonly code: string | undefined;
  readonly at: number;
  readonly by: string;
  readonly batches: number;
  /** Confirmed or verified since. */
  readonly delivered: number;
  /** Taken by the destination, and not confirmed yet. */
  readonly accepted: number;
  /** Failed again with the same code. */
  readonly again: number;
  /** Failed with others: batches by code. */
  readonly otherwise: Readonly<Record<string, number>>;
  /** Cut again or withdrawn: their files are in other batches now. */
  readonly replanned: number;
  /** Nothing has come of them yet. */
  readonly underway: number;
};

type Put = {
  readonly at: number;
  readonly by: string;
  readonly batches: readonly { readonly no: number; readonly error: { readonly code: string } | undefined }[];
};

/** What came of a batch until it was put back again, if it was: final once it is confirmed, whatever an audit finds later. */
const CAME = `SELECT coalesce(min(no) FILTER (WHERE what IN ('delivery.confirmed', 'delivery.verified')), max(no)) FROM event WHERE batch = put.batch AND no > put.event
  AND no < coalesce((SELECT min(event) FROM requeue AS next WHERE next.batch = put.batch AND next.event > put.event), 1e18)
  AND (what IN ('batch.withdrawn', 'delivery.retry', 'delivery.held', 'delivery.rejected',
    'delivery.accepted', 'delivery.confirmed', 'delivery.verified'))`;

/** Of an older one nothing is told in reports any more: whatever becomes of it, a newer one is about it. */
const TOLD_FOR_MS = 30 * 86_400_000;

/** What persons put back, and what came of it. */
export function createRequeues(db: DatabaseSync) {
  const resultsOf = (where: string, values: Readonly<Record<string, number | string>>): RequeueResult[] => {
    const rows = db
      .prepare(
        `SELECT put.no, put.at, put.by, put.code, what, detail, came.at AS cameAt
           FROM requeue AS put LEFT JOIN event AS came ON came.no = (${CAME}) WHERE ${where} ORDER BY put.no, put.batch`,
      )
      .all(values);
    const groups = Map.groupBy(rows, ({ no, code }) => `${String(no)} ${String(code)}`);
    return [...groups.values()].map(resultOf);
  };

  const putBack = db.prepare(
    'SELECT by FROM requeue WHERE batch = ?1 AND event = (SELECT max(no) FROM event WHERE batch = ?1)',
  );

  return {
    /** Remembers batches that were put back together; in the transaction that does it. */
    note: ({ at, by, batches }: Put): void =>
      inTransaction(db, () => {
        const last = db.prepare('SELECT max(no) AS no FROM requeue').get()?.['no'];
        const insert = db.prepare(
          `INSERT INTO requeue (no, batch, at, by, code, event) VALUES (?1, ?2, ?3, ?4, ?5,
             (SELECT max(no) FROM event WHERE batch = ?2 AND what = 'batch.requeued'))`,
        );
        for (const { no, error } of batches) insert.run(Number(last ?? 0) + 1, no, at, by, error?.code ?? '');
      }),

    /** Who put the batch back, as long as nothing has happened to it since. */
    putBackBy: (no: number): string | undefined => textOf(putBack.get(no)?.['by']),

    /** The newest requeue of batches with this error; undefined: there was none. */
    lastOf: (code: string): RequeueResult | undefined =>
      resultsOf('put.no = (SELECT max(no) FROM requeue WHERE code = :code) AND put.code = :code', {
        code,
      })[0],

    /** Those that were made since then, or of which something came since, oldest first. */
    since: (since: number): RequeueResult[] =>
      resultsOf(
        `put.at >= :oldest AND put.no IN (SELECT put.no FROM requeue AS put LEFT JOIN event AS came ON came.no = (${CAME})
           WHERE put.at >= :since OR came.at >= :since)`,
        { since, oldest: since - TOLD_FOR_MS },
      ),
  };
}

type Row = Record<string, unknown>;

function resultOf(rows: readonly Row[]): RequeueResult {
  const code = textOf(rows[0]?.['code']) ?? '';
  const fates = rows.map((row) => fateOf(row, code));
  const count = (fate: string): number => fates.filter((one) => one === fate).length;
  const others = fates.flatMap((fate) => (typeof fate === 'string' ? [] : [fate.code]));
  const byCode = Map.groupBy(others, (other) => other);
  return {
    code: code === '' ? undefined : code,
    ...{ at: Number(rows[0]?.['at']), by: String(rows[0]?.['by']), batches: rows.length },
    ...{ delivered: count('delivered'), accepted: count('accepted'), again: count('again') },
    otherwise: Object.fromEntries([...byCode].map(([other, all]) => [other, all.length])),
    ...{ replanned: count('replanned'), underway: count('underway') },
  };
}

type Fate = 'delivered' | 'accepted' | 'again' | 'replanned' | 'underway' | { readonly code: string };

function fateOf(row: Row, code: string): Fate {
  const what = textOf(row['what']);
  switch (what) {
    case undefined:
      return 'underway';
    case 'delivery.confirmed':
    case 'delivery.verified':
      return 'delivered';
    case 'delivery.accepted':
      return 'accepted';
    case 'batch.withdrawn':
      return 'replanned';
    default: {
      const failed = String(row['detail']).split(':', 1)[0] ?? '';
      return failed === code ? 'again' : { code: failed };
    }
  }
}
