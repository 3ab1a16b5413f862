import type { Assignment } from '../core/model.ts';
import { isDelivered } from '../core/states.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Verdict } from './judge.ts';

/** The owner's column for what belongs to nobody. */
export const NOBODY = '-';

/** What was delivered for somebody who has left since is theirs; only what is held or excluded now names nobody. */
export function otherOwner(batch: BatchHead, now: Assignment): Pick<Verdict, 'ownerNow'> {
  if (!isDelivered(batch.state) || now.kind !== 'owned' || now.owner === batch.owner) return {};
  return now.insteadOf === batch.owner ? {} : { ownerNow: now.owner };
}

/** Whose, and what helps, of a file that nobody gets now. */
export function notOwned(assignment: Exclude<Assignment, { kind: 'owned' }>): NotOwned {
  const { kind, reason, help } = assignment;
  const base = { bucket: kind, owner: NOBODY, reason, ...(help === undefined ? {} : { help }) };
  if (assignment.kind === 'excluded') return base;
  if (assignment.kind === 'byHand') {
    const { owner = NOBODY, dataset } = assignment;
    return { ...base, owner, ...(dataset === undefined ? {} : { dataset }) };
  }
  const { code, owner = NOBODY, earliest } = assignment;
  return { ...base, owner, code, ...(earliest === undefined ? {} : { earliest }) };
}

type NotOwned = Pick<Verdict, 'owner' | 'bucket' | 'reason' | 'earliest' | 'code' | 'help'> &
  Partial<Pick<Verdict, 'dataset'>>;
