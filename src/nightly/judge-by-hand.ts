import type { Assignment } from '../core/model.ts';
import { printable, quoted } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import { utcDay } from '../core/utc.ts';
import type { AccountAt, AccountUnknown } from '../ledger/accounts.ts';
import { byWhat, type FoundByHand } from '../ledger/by-hand.ts';
import type { Mark } from '../ledger/facts.ts';
import type { DatasetAt } from '../ledger/first-batch.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Verdict } from './judge.ts';

/** What judging asks about what owners upload by hand. */
export type ByHandView = {
  readonly found: (of: DatasetAt) => FoundByHand | undefined;
  readonly unknown: (of: AccountAt) => AccountUnknown | undefined;
};

/** Remembers its answers: files are judged dataset by dataset, and accounts are few. */
export function byHandView({ byHand, accounts }: Pick<Ledger, 'byHand' | 'accounts'>): ByHandView {
  let last: { readonly of: DatasetAt; readonly found: FoundByHand | undefined } | undefined;
  const unknown = new Map<string, AccountUnknown | undefined>();
  return {
    found: (of) => {
      if (last === undefined || !isSame(last.of, of)) last = { of, found: byHand.find(of) };
      return last.found;
    },
    unknown: (of) => {
      const key = `${of.destination}/${of.owner}`;
      if (!unknown.has(key)) unknown.set(key, accounts.unknown(of));
      return unknown.get(key);
    },
  };
}

const isSame = (a: DatasetAt, b: DatasetAt): boolean =>
  a.dataset === b.dataset && a.owner === b.owner && a.share === b.share && a.destination === b.destination;

type Owned = Extract<Assignment, { kind: 'owned' }>;

/** A file that its owner has uploaded by hand is not sent, unless a person forces it. */
export function foundByHand(
  view: ByHandView,
  assignment: Owned,
  { share, mark }: Pick<DatasetAt, 'share'> & { readonly mark: Mark },
): Pick<Verdict, 'bucket' | 'reason' | 'help'> | undefined {
  if (mark !== 'byHand' || assignment.waived?.by === 'force') return undefined;
  const found = view.found({ ...assignment, share });
  if (found === undefined || found.kind === 'some' || found.kind === 'gone') return undefined;
  const help = `To have it sent all the same: nightjar force ${quoted(`${share}:${assignment.dataset}`)}`;
  return { bucket: 'byHand', reason: sayByHand(found), help };
}

/** "by hand, in "Paper 3" (https://…): all 12 files by name and size, seen on 2026-11-22". */
export function sayByHand({
  kind,
  container,
  below,
  files,
  ofFiles,
  seenAt,
  why,
  isMissed,
}: FoundByHand): string {
  const where = below === '' ? '' : `, below ${printable(below)}`;
  const isWhole = kind === 'all' || kind === 'same';
  const amount = isWhole ? allOf(files) : `${files} of its ${count(ofFiles, 'file')}`;
  const day = utcDay(seenAt);
  const doubt = isMissed ? 'in doubt' : 'nobody could look since';
  const since = why === undefined || !isWhole ? '' : `; ${doubt}: ${why}`;
  return `by hand, in "${printable(container.name)}" (${container.location})${where}: ${amount} by ${byWhat({ kind })}, seen on ${day}${since}`;
}

/** "all 12 files", "its one file". */
export const allOf = (files: number): string =>
  files === 1 ? 'its one file' : `all ${count(files, 'file')}`;

type Judged = Pick<Verdict, 'bucket' | 'reason' | 'earliest' | 'file' | 'toLookUp'>;

/**
 * A new dataset waits while the account of its owner could not be looked through. Another version of what was uploaded
 * by hand, and what joins a dataset that we have sent, is sent in any case.
 */
export function unlessUnknown(
  judged: Judged,
  of: { readonly view: ByHandView; readonly mark: Mark; readonly follows: Verdict['follows'] },
): Judged {
  const { file, ...rest } = judged;
  if (file === undefined || of.mark === 'afterHand' || of.follows !== undefined) return judged;
  const { waived, owner } = file.assignment;
  const unknown = waived?.by === 'force' ? undefined : of.view.unknown(file.assignment);
  if (unknown?.waits !== true) return judged;
  const reason = `it is not known whether ${owner} has uploaded it by hand: ${unknown.why}. The next runs look again, and after some evenings it is sent all the same`;
  return { ...rest, bucket: 'waiting', reason, toLookUp: file };
}
