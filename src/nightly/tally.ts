import { printable } from '../core/share-path.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import { BUCKETS, type Verdict } from './judge.ts';
import { addNames, type NameList, newNameList } from './name-list.ts';
import type { Overdue } from './overdue.ts';

/** Files, and their bytes. */
export type Amount = { readonly files: number; readonly bytes: number };
type Counter = { files: number; bytes: number };
export type Counted = Record<(typeof BUCKETS)[number], Counter>;

/** What is not delivered and why: one line a cause, not a line a file. */
export type Note = {
  readonly bucket: string;
  readonly share: string;
  readonly owner: string;
  readonly instrument: string;
  /** The dataset, or the path where there is no dataset. */
  readonly where: string;
  readonly reason: string;
  readonly earliest?: number;
  /** For what is unreadable: the first look that found it so. */
  readonly since?: number;
  /** What helps, for what is unreadable. */
  readonly help?: string;
  /** Of the error that keeps its batch; else why the mapping holds it, or why the collector gets it. */
  readonly code?: string;
  readonly batch?: string;
  /** For what has not settled for many nights. */
  readonly overdue?: Overdue;
  /** The first batch of the dataset, which these files reopen. */
  readonly follows?: string;
  files: number;
  bytes: number;
};

/** Data that was delivered for one owner, and would be another's by now. */
export type OwnerChange = {
  readonly share: string;
  readonly where: string;
  readonly batch: string;
  readonly deliveredFor: string;
  readonly now: string;
  files: number;
  bytes: number;
};

export type Tally = {
  readonly buckets: Counted;
  readonly owners: Record<string, Counted>;
  readonly instruments: Record<string, Counted>;
  readonly notes: Map<string, Note>;
  droppedNotes: number;
  /** Delivered data that would be somebody else's now, by batch and new owner. */
  readonly ownerChanges: Map<string, OwnerChange>;
  /** Numbers of the held and rejected batches whose files were seen. */
  readonly stuck: Set<number>;
  /** Files of datasets that have not settled for many nights. */
  overdueFiles: number;
  /** Names that are not delivered as they are. */
  readonly names: NameList;
};

/** Told in other ways, or every evening anew if they had notes. */
const QUIET: readonly string[] = ['delivered', 'unchanged', 'byHand'];
/** Memory stays flat: causes beyond this many are counted, not kept. */
const MAX_KEPT = 5000;

export function newTally(): Tally {
  return {
    buckets: counted(),
    owners: table(),
    instruments: table(),
    notes: new Map(),
    droppedNotes: 0,
    ownerChanges: new Map(),
    stuck: new Set(),
    overdueFiles: 0,
    names: newNameList(),
  };
}

/** Owners and instruments are names from a share: a table without a prototype takes any of them. */
const table = (): Record<string, Counted> => Object.create(null) as Record<string, Counted>;

const counted = (): Counted =>
  Object.fromEntries(BUCKETS.map((bucket) => [bucket, { files: 0, bytes: 0 }])) as Counted;

/** Counts one entry. A file that is ready but not planned (the run was stopped before) waits. */
export function addVerdict(tally: Tally, verdict: Verdict): void {
  const bucket = verdict.bucket === 'ready' ? 'waiting' : verdict.bucket;
  const bytes = sizeOf(verdict);
  const { owner, instrument } = verdict;
  tally.owners[owner] ??= counted();
  tally.instruments[instrument] ??= counted();
  for (const counter of [
    tally.buckets[bucket],
    tally.owners[owner][bucket],
    tally.instruments[instrument][bucket],
  ]) {
    counter.files += 1;
    counter.bytes += bytes;
  }
  if ((bucket === 'held' || bucket === 'rejected') && verdict.batch !== undefined)
    tally.stuck.add(verdict.batch.no);
  if (verdict.overdue !== undefined) tally.overdueFiles += 1;
  addNames(tally.names, verdict);
  countOwnerChange(tally, verdict);
  if (!QUIET.includes(bucket)) addNote(tally, verdict, bucket, bytes);
}

function countOwnerChange(tally: Tally, { batch, ownerNow, share, entry }: Verdict): void {
  if (ownerNow === undefined || batch === undefined) return;
  const key = `${batch.id} ${ownerNow}`;
  const base = { share, where: printable(batch.dataset), batch: batch.id, deliveredFor: batch.owner };
  const known = tally.ownerChanges.get(key) ?? { ...base, now: ownerNow, files: 0, bytes: 0 };
  known.files += 1;
  known.bytes += entry.size;
  tally.ownerChanges.set(key, known);
}

/** As the scanner counts: data files by their size, everything else as nothing. */
function sizeOf({ entry }: Verdict): number {
  return entry.kind === 'file' || entry.kind === 'unreadable' ? entry.size : 0;
}

const codeOf = ({ code, batch }: Verdict): string | undefined => code ?? batch?.error?.code;

function addNote(tally: Tally, verdict: Verdict, bucket: string, bytes: number): void {
  const { share, owner, instrument, reason, follows, dataset, path } = verdict;
  const byFile = bucket === 'rejected' || bucket === 'unreadable' || dataset === undefined;
  const where = printable(byFile ? path : dataset);
  const key = JSON.stringify([bucket, share, where, reason, follows]);
  const known = tally.notes.get(key);
  if (known !== undefined) {
    known.files += 1;
    known.bytes += bytes;
    return;
  }
  if (tally.notes.size >= MAX_KEPT) {
    tally.droppedNotes += 1;
    return;
  }
  const note: Note = { bucket, share, owner, instrument, where, reason: printable(reason), files: 1, bytes };
  tally.notes.set(key, { ...note, ...detailsOf(verdict, bucket) });
}

/** What only some causes have. */
function detailsOf(
  verdict: Verdict,
  bucket: string,
): Omit<Note, 'bucket' | 'share' | 'owner' | 'instrument' | 'where' | 'reason' | 'files' | 'bytes'> {
  const { earliest, batch, overdue, follows, since, help } = verdict;
  const code = codeOf(verdict);
  return {
    ...(earliest === undefined ? {} : { earliest }),
    ...(code === undefined ? {} : { code }),
    ...(since === undefined ? {} : { since }),
    ...(help === undefined || bucket !== 'unreadable' ? {} : { help: printable(help) }),
    ...(batch === undefined ? {} : { batch: batch.id }),
    ...(overdue === undefined ? {} : { overdue: { ...overdue, guess: printable(overdue.guess) } }),
    ...(follows === undefined ? {} : { follows }),
  };
}

/** A batch that waits for a person although the run did not see its files, and `why`: told, and in no bucket. */
export function addStray(tally: Tally, head: BatchHead, why: string): void {
  const { id, share, owner, instrument, files, bytes, state, error } = head;
  const reason = printable(`${why}; ${error?.message ?? state}`);
  tally.notes.set(id, {
    bucket: state,
    share,
    owner,
    instrument,
    where: printable(head.dataset),
    reason,
    ...(error === undefined ? {} : { code: error.code }),
    batch: id,
    files,
    bytes,
  });
}
