import type { DatabaseSync } from 'node:sqlite';
import { DELIVERED_STATES } from '../core/states.ts';
import { BEGINNING, digestOf, hashOfEvent } from './chain.ts';
import { inSnapshot } from './transaction.ts';

/** One event as the chain has it. */
export type HistoryLine = {
  readonly no: number;
  /** ms since 1970. */
  readonly at: number;
  readonly batch: string | null;
  readonly what: string;
  readonly detail: string;
  readonly digest: Uint8Array | null;
  readonly hash: Uint8Array;
};

export type Audit = {
  readonly events: number;
  /** Hash of the newest event in hex; undefined: there is none. */
  readonly head: string | undefined;
  /** Number of the event with the noted hash; undefined: none was given, or there is none such. */
  readonly noted: number | undefined;
  /** Batches whose list of files, or hashes of them, the chain covers. */
  readonly batches: number;
  /** The first thing that is not as it was recorded. */
  readonly broken: { readonly row: number; readonly why: string } | undefined;
};

/** Recomputes the chain from its beginning and holds the batches against what the chain says of them. Changes nothing. */
export function auditChain(db: DatabaseSync, notedHead: string | undefined): Audit {
  return inSnapshot(db, () => {
    const walked = walkChain(db, notedHead);
    if (walked.broken !== undefined) return { ...walked, batches: 0 };
    const checked = checkBatches(db);
    return { ...walked, batches: checked.batches, broken: checked.broken ?? missingTail(db, walked.events) };
  });
}

function walkChain(db: DatabaseSync, notedHead: string | undefined): Omit<Audit, 'batches'> {
  let before: Uint8Array = BEGINNING;
  let events = 0;
  let noted: number | undefined;
  let broken: Audit['broken'];
  for (const line of historyLines(db)) {
    broken = breakAt(line, before, events + 1);
    if (broken !== undefined) break;
    events = line.no;
    before = line.hash;
    if (notedHead !== undefined && hexOf(line.hash).startsWith(notedHead)) noted = line.no;
  }
  return { events, head: events === 0 ? undefined : hexOf(before), noted, broken };
}

const hexOf = (hash: Uint8Array): string => Buffer.from(hash).toString('hex');

function breakAt(line: HistoryLine, before: Uint8Array, expected: number): Audit['broken'] {
  if (line.no !== expected)
    return { row: expected, why: `event ${expected} is missing; the next is ${line.no}` };
  if (hashOfEvent(before, line).equals(line.hash)) return undefined;
  return {
    row: line.no,
    why: `event ${line.no} (${line.what}) does not fit its hash and the event before it`,
  };
}

/** The table remembers the highest number that it ever gave. */
function missingTail(db: DatabaseSync, events: number): Audit['broken'] {
  const ever = Number(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'event'").get()?.['seq'] ?? 0);
  if (ever <= events) return undefined;
  return { row: events + 1, why: `there were ${ever} events once; those after ${events} are missing` };
}

/** Events in the order of the chain; with `after`, those behind that number. */
export function* historyLines(db: DatabaseSync, after = 0): Generator<HistoryLine> {
  const page = db.prepare(
    `SELECT event.no, event.at, batch.id AS batch, event.what, event.detail, event.digest, event.hash
     FROM event LEFT JOIN batch ON batch.no = event.batch WHERE event.no > ? ORDER BY event.no LIMIT 1000`,
  );
  for (let last = after; ; ) {
    const rows = page.all(last);
    for (const row of rows) yield lineOf(row);
    const end = rows.at(-1)?.['no'];
    if (end === undefined) return;
    last = Number(end);
  }
}

export function lineOf(row: Record<string, unknown>): HistoryLine {
  const { digest, hash, batch } = row;
  return {
    no: Number(row['no']),
    at: Number(row['at']),
    batch: typeof batch === 'string' ? batch : null,
    what: String(row['what']),
    detail: String(row['detail']),
    digest: digest instanceof Uint8Array ? digest : null,
    hash: hash instanceof Uint8Array ? hash : new Uint8Array(),
  };
}

const NEWEST = `(SELECT digest FROM event WHERE no =
  (SELECT max(no) FROM event WHERE batch = b.no AND digest IS NOT NULL AND what GLOB`;
const BATCHES = `SELECT b.id, b.state, b.list, b.hashes,
    ${NEWEST} 'batch.planned')) AS planned, ${NEWEST} 'delivery.*')) AS delivered,
    EXISTS (SELECT 1 FROM event WHERE batch = b.no AND what = 'delivery.' || b.state) AS told,
    (SELECT max(no) FROM event WHERE batch = b.no) AS newest
  FROM batch b ORDER BY b.no`;

/** The newest digest that the chain has of each batch's list and of its hashes, against what the batch has. */
function checkBatches(db: DatabaseSync): Pick<Audit, 'batches' | 'broken'> {
  let batches = 0;
  for (const row of db.prepare(BATCHES).iterate()) {
    const why = faultOf(row);
    if (why !== undefined)
      return {
        batches,
        broken: { row: Number(row['newest'] ?? 0), why: `batch ${String(row['id'])}: ${why}` },
      };
    if (row['planned'] !== null || row['delivered'] !== null) batches += 1;
  }
  return { batches, broken: undefined };
}

function faultOf({
  state,
  list,
  hashes,
  planned,
  delivered,
  told,
}: Record<string, unknown>): string | undefined {
  if (!isCovered(planned, list)) return 'its list of files is not the one that was planned';
  if (!isCovered(delivered, hashes)) return 'its hashes are not those that were recorded';
  const isDelivered = (DELIVERED_STATES as readonly unknown[]).includes(state);
  return isDelivered && told === 0 ? `it is ${String(state)}, and no event says so` : undefined;
}

/** True, too, where no event says what it was: it is of before there was a chain. */
function isCovered(digest: unknown, bytes: unknown): boolean {
  if (!(digest instanceof Uint8Array)) return true;
  return bytes instanceof Uint8Array && digestOf(bytes).equals(digest);
}
