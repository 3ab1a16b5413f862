import type { Account, Asks } from '../core/account.ts';
import type { AccountAt } from '../ledger/accounts.ts';

/** An account that may be looked into. `asks`: how much may still be asked of it in this run, of `mostAsks`. */
export type OpenAccount = Account & {
  readonly asks: Asks;
  readonly mostAsks: number;
  /** In this run of failing to look through it, new data is sent all the same. */
  readonly sendsIn: number;
  /** Whether bytes are compared as well. */
  readonly compares: boolean;
};
/** How accounts are looked into; `app/` hands it in. */
export type Accounts = {
  /** Those that somebody wants to know of and whose token may read, by `accountKey`. */
  readonly readable: (runNo: number, signal: AbortSignal) => Promise<ReadonlyMap<string, OpenAccount>>;
};
export const accountKey = ({ owner, destination }: AccountAt): string => `${destination}/${owner}`;
