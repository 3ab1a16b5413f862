import { count } from '../core/units.ts';
import { byWhat, type FoundByHand } from '../ledger/by-hand.ts';
import { allOf, sayByHand } from '../nightly/judge-by-hand.ts';
import type { ByHandLine } from '../nightly/report-by-hand.ts';
import type { RunReport } from '../nightly/run-report.ts';

export const BY_HAND_TITLE = 'Uploaded by hand already';

/** What a run found in what owners have uploaded themselves. Reports of older versions have none. */
export function byHandLines({
  byHand = [],
  moreByHand = 0,
}: Partial<Pick<RunReport, 'byHand' | 'moreByHand'>>): string[] {
  const lines = byHand.flatMap(said);
  return moreByHand === 0 ? lines : [...lines, `… and ${count(moreByHand, 'more dataset')}`];
}

function said({ kind, share, where, owner, upload, location, files, ofFiles }: ByHandLine): string[] {
  const what =
    kind !== 'some'
      ? `${allOf(files)} by ${byWhat({ kind })}, so it is not sent`
      : `only ${files} of its ${count(ofFiles, 'file')} for certain, so it is sent`;
  return [`${share}:${where} (${owner}): ${what}`, `    in upload "${upload}", ${location}`];
}

/** A line of `explain`; what was found whole is in the state of its files. */
export function partlyByHand(found: FoundByHand | undefined): string[] {
  return found?.kind === 'some' ? [`  Hand   ${sayByHand(found)}; so it is sent`] : [];
}
