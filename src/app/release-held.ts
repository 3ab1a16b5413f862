import { ERROR_CODES, type ErrorCode } from '../core/errors.ts';
import { pausedBy } from '../delivery/decide.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** The held batches whose error was not their own but their account's or their destination's. */
export function heldByCause(ledger: Ledger): BatchHead[] {
  return [...ledger.list({ states: ['held'] })].filter(
    ({ error }) => error !== undefined && isCause(error.code),
  );
}

/**
 * Puts such batches back, as far as `behind` says that their cause is gone; answers how many. No person asked for a second
 * copy: a parcel that had gone out before the cause was met is looked for first.
 */
export function releaseHeld(ledger: Ledger, behind: (head: BatchHead) => boolean, at: number): number {
  return ledger.transaction(() => {
    const heads = heldByCause(ledger).filter(behind);
    return heads.filter(({ id }) => ledger.batches.requeue(id, at, 'kept')).length;
  });
}

/** Of an account or a destination: what is held for it goes on by itself when it is gone. */
export function isCause(code: string): boolean {
  return code in ERROR_CODES && pausedBy(code as ErrorCode) !== undefined;
}
