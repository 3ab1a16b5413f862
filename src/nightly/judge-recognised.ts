import type { ShareName } from '../core/ids.ts';
import { parentOf, printable, type SharePath } from '../core/share-path.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import { isToCompare } from '../ledger/facts.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Verdict } from './judge.ts';
import { readFailed } from './judge-unreadable.ts';
import { byUndecided, type UndecidedOf, undecidedView } from './undecided.ts';

/** What judging asks about files that were known again as delivered before. */
export type RecognisedView = {
  /** Where the files of a directory were delivered from, as far as names, sizes and times tell. */
  readonly expected: (share: ShareName, dir: SharePath) => SharePath | undefined;
  /** Where a batch delivered the files from that it holds in this directory; undefined: from here. */
  readonly origin: (share: ShareName, dir: SharePath, batch: number) => SharePath | undefined;
  readonly undecided: UndecidedOf;
};

/** Remembers the answers for one directory: files are judged directory by directory. */
export function recognisedView(
  ledger: Pick<Ledger, 'recognised' | 'batches' | 'looks' | 'outcomes'>,
): RecognisedView {
  const { recognised, batches } = ledger;
  const origins = lastOf((share: ShareName, dir: SharePath) => {
    const known = new Map<number, SharePath | undefined>();
    return (batch: number): SharePath | undefined => {
      if (!known.has(batch))
        known.set(batch, originOf(recognised.cameFrom(share, dir, batch), batch, batches));
      return known.get(batch);
    };
  });
  return {
    expected: lastOf(recognised.expected),
    origin: (share, dir, batch) => origins(share, dir)(batch),
    undecided: undecidedView(ledger),
  };
}

/** Of the directories that files went through, the one that the batch has them listed in. */
function originOf(
  through: readonly SharePath[],
  batch: number,
  batches: Ledger['batches'],
): SharePath | undefined {
  const head = through.length === 0 ? undefined : batches.headByNo(batch);
  if (head === undefined) return undefined;
  const listed = new Set(batches.get(head.id).files.map(({ path }) => parentOf(path)));
  return through.find((dir) => listed.has(dir));
}

function lastOf<T>(ask: (share: ShareName, dir: SharePath) => T): (share: ShareName, dir: SharePath) => T {
  let last: { readonly share: ShareName; readonly dir: SharePath; readonly answer: T } | undefined;
  return (share, dir) => {
    if (last?.share !== share || last.dir !== dir) last = { share, dir, answer: ask(share, dir) };
    return last.answer;
  };
}

type Of = { readonly share: ShareName; readonly dir: SharePath; readonly view: RecognisedView };

/** A file that its batch delivered from another place says so. */
export function movedFrom<V extends { readonly reason: string; readonly batch?: BatchHead }>(
  verdict: V,
  { share, dir, view }: Of,
): V {
  const { batch, reason } = verdict;
  const was = batch === undefined ? undefined : view.origin(share, dir, batch.no);
  if (batch === undefined || was === undefined) return verdict;
  return { ...verdict, reason: `moved from ${printable(was)}, delivered there as ${batch.id}: ${reason}` };
}

type Judged = Pick<Verdict, 'bucket' | 'reason' | 'help' | 'earliest' | 'file' | 'toCompare'>;

/** A file that may have been delivered already waits until that is known and its content has been compared. */
export function beforePlanning(
  judged: Judged,
  { known, share, dir, view }: Of & { readonly known: KnownEntry },
): Judged {
  const { file } = judged;
  const { mark, unread } = known.facts;
  if (file === undefined || !isToCompare(mark)) return judged;
  if (unread === true) return readFailed(file.path);
  const was = mark === 'alike' ? view.expected(share, dir) : undefined;
  const undecided = view.undecided(share, was, known);
  if (undecided !== undefined) return byUndecided(undecided, was);
  const reason = mark === 'alike' ? looksMoved(was) : RETIMED;
  return { bucket: 'waiting', reason, toCompare: file };
}

const RETIMED =
  'only its time is another than when it was delivered: its content is compared first, and it goes if that differs';

function looksMoved(was: SharePath | undefined): string {
  const from = was === undefined ? 'another place' : printable(was);
  return `it looks like what was delivered from ${from} and is not there any more: its content is compared first`;
}
