import { asIngestError } from '../core/errors.ts';
import type { DestinationName, ShareName } from '../core/ids.ts';
import type { AccountAt } from '../ledger/accounts.ts';
import type { Run } from '../ledger/runs.ts';
import { checkByHand } from './check-by-hand.ts';
import { comparesBytes } from './compare-by-hand.ts';
import { isOurs } from './is-ours.ts';
import { isAway, lookThrough, type Seen } from './look-through-account.ts';
import { type NewDataset, newDatasets } from './new-datasets.ts';
import type { NightlyParts } from './parts.ts';
import { accountKey, type OpenAccount } from './readable-accounts.ts';
import { recordByHand } from './record-by-hand.ts';

/** Without `hashFiles` no bytes are compared: names and sizes decide. */
type ByHandParts = Pick<NightlyParts, 'ledger' | 'assign' | 'limitsOf' | 'clock' | 'emit' | 'accounts'> &
  Partial<Pick<NightlyParts, 'hashFiles'>>;

/**
 * Looks for datasets that are about to be sent for the first time in what their owners have uploaded themselves, where a
 * token may read. What is there whole is marked and not sent; what was found before is looked for again. An account that cannot be looked through is noted, and its
 * owner's new data waits for some runs; the others go on.
 */
export async function findByHand(
  parts: ByHandParts,
  share: ShareName,
  run: Pick<Run, 'no' | 'since'>,
  signal: AbortSignal,
): Promise<void> {
  const readable = (await parts.accounts?.readable(run.no, signal)) ?? NONE;
  const isMeant = (at: AccountAt): boolean => readable.has(accountKey(at));
  // By a token that may no longer read, or by_hand: off, a failed look of before would never be made good.
  parts.ledger.accounts.keepUnknown(isMeant);
  const down = new Map<DestinationName, string>();
  await checkByHand({ parts, run, signal, down }, readable);
  if (readable.size === 0) return;
  const datasets = newDatasets(parts, share, { run, isMeant });
  for (const [key, ofAccount] of Map.groupBy(datasets, accountKey)) {
    const account = readable.get(key);
    if (account !== undefined) await lookOnce(parts, { run, signal, down }, account, ofAccount);
  }
}

const NONE: ReadonlyMap<string, OpenAccount> = new Map();

type Looking = {
  readonly run: Pick<Run, 'no'>;
  readonly signal: AbortSignal;
  /** Destinations that did not answer, and what they did instead: the next account there is not tried. */
  readonly down: Map<DestinationName, string>;
};

async function lookOnce(
  parts: ByHandParts,
  { run, signal, down }: Looking,
  account: OpenAccount,
  datasets: readonly NewDataset[],
): Promise<void> {
  const [first] = datasets;
  if (first === undefined) return;
  const { ledger, clock, emit } = parts;
  const { owner, destination } = first;
  const failed = (why: string): void => {
    ledger.accounts.markUnknown(first, { why, at: clock.now(), runNo: run.no, sendsIn: account.sendsIn });
    emit({ name: 'account.unknown', owner, destination, why });
  };
  const known = down.get(destination);
  if (known !== undefined) return failed(known);
  const seen: Seen = { whole: [], some: new Map() };
  try {
    const why = await lookThrough({ ...parts, signal }, account, datasets, seen);
    if (why === undefined) ledger.accounts.markKnown(first);
    else failed(why);
  } catch (thrown) {
    signal.throwIfAborted();
    const error = asIngestError(thrown, `look through the account of ${owner}`);
    if (isOurs(error)) throw error;
    if (isAway(error)) down.set(destination, error.message);
    failed(error.message);
  }
  const kind = comparesBytes(parts, account) ? 'same' : 'all';
  for (const found of recordByHand(parts, { share: first.share, runNo: run.no, kind }, seen))
    emit({ name: 'dataset.by-hand', found });
}
