import type { ShareName } from '../core/ids.ts';
import { printable, type SharePath } from '../core/share-path.ts';
import { type BatchHead, mayHaveArrived } from '../ledger/batch-row.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Verdict } from './judge.ts';
import { sourceFinder } from './source-of.ts';

/**
 * Whether nobody can say yet if the batch arrives: it is under way, or its whole parcel went out without an answer and
 * is looked for before anything else is done with it. Such a state always ends: in a delivery, or without the files.
 */
export function isUndecided(
  { outcomes }: Pick<Ledger, 'outcomes'>,
  batch: Pick<BatchHead, 'id' | 'state' | 'sent' | 'addendum'>,
): boolean {
  if (batch.state === 'queued' || batch.state === 'delivering') return true;
  const mayBeThere = batch.state === 'planned' || batch.state === 'held';
  return mayBeThere && mayHaveArrived(batch) && outcomes.mayHaveArrived(batch.id);
}

/** The batch that may yet have delivered a file that is to be compared; `was`: where a moved one came from. */
export type UndecidedOf = (
  share: ShareName,
  was: SharePath | undefined,
  known: KnownEntry,
) => BatchHead | undefined;

/** Remembers one directory and the batches: files are judged directory by directory. */
export function undecidedView(
  ledger: Pick<Ledger, 'looks' | 'batches' | 'outcomes' | 'recognised'>,
): UndecidedOf {
  const heads = new Map<number, BatchHead | undefined>();
  let last: { readonly key: string; readonly sourceOf: ReturnType<typeof sourceFinder> } | undefined;
  const sourceIn = (share: ShareName, was: SharePath): ReturnType<typeof sourceFinder> => {
    const key = JSON.stringify([share, was]);
    if (last?.key !== key) last = { key, sourceOf: sourceFinder(ledger, share, was) };
    return last.sourceOf;
  };
  const ask = (no: number): BatchHead | undefined => {
    const head = no === 0 ? undefined : ledger.batches.headByNo(no);
    return head !== undefined && isUndecided(ledger, head) ? head : undefined;
  };
  return (share, was, { entry, facts }) => {
    const moved = was === undefined ? undefined : sourceIn(share, was)(entry.name);
    const no = facts.mark === 'retimed' ? facts.prior : (moved?.batch ?? 0);
    if (!heads.has(no)) heads.set(no, ask(no));
    return heads.get(no);
  };
}

/** How a file stands meanwhile. */
export function byUndecided(
  { id, state, error }: BatchHead,
  was: SharePath | undefined,
): Pick<Verdict, 'bucket' | 'reason' | 'help'> {
  const from = was === undefined ? '' : ` from ${printable(was)}`;
  const reason = `whether ${id} brought it${from} is not known yet: it waits for that, so that it is not sent twice`;
  if (state !== 'held') return { bucket: 'waiting', reason };
  return {
    ...{ bucket: 'held', reason: `${reason}; that batch is held: ${error?.message ?? state}` },
    help: `It is decided when that batch goes on: mend what holds it. \`nightjar requeue ${id}\` sends it anew.`,
  };
}
