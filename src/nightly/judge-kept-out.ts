import type { ShareName } from '../core/ids.ts';
import type { Assignment, Entry } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Facts } from '../ledger/facts.ts';
import type { JudgeParts, Verdict } from './judge.ts';
import { foundByHand } from './judge-by-hand.ts';
import { unreadableFile } from './judge-unreadable.ts';

type At = {
  readonly share: ShareName;
  readonly path: SharePath;
  readonly entry: Entry;
  readonly facts: Facts;
};

/** Why a file of an owner does not go as it is, whatever its dataset does; undefined: nothing keeps it out. */
export function keptOut(
  parts: Pick<JudgeParts, 'byHand' | 'batchByNo'>,
  assignment: Extract<Assignment, { kind: 'owned' }>,
  { share, path, entry, facts }: At,
): Pick<Verdict, 'bucket' | 'reason' | 'help' | 'since'> | undefined {
  const hand = foundByHand(parts.byHand, assignment, { share, mark: facts.mark });
  if (hand !== undefined) return hand;
  if (entry.kind === 'unreadable' || facts.mark === 'unreadable') return unreadableFile(entry, facts, path);
  if (facts.mark !== 'refused') return undefined;
  return { bucket: 'rejected', reason: whyRefused(facts.prior, parts) };
}

/** The destination's own words, where it took the batch and failed on this file. */
function whyRefused(prior: number, { batchByNo }: Pick<JudgeParts, 'batchByNo'>): string {
  const error = prior === 0 ? undefined : batchByNo(prior)?.error;
  if (error?.code === 'PROCESSING_FAILED') return error.message;
  return 'the destination cannot take this file under its name or in its size';
}
