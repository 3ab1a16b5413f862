import { count } from '../core/units.ts';
import { byWhat, type FoundByHand, type Unseen } from '../ledger/by-hand.ts';
import { allOf, sayByHand } from '../nightly/judge-by-hand.ts';
import type { ByHandLine } from '../nightly/report-by-hand.ts';
import type { RunReport } from '../nightly/run-report.ts';

export const BY_HAND_TITLE = 'Uploaded by hand already';

/** What a run found in what owners have uploaded themselves, or found no more. Reports of older versions have none. */
export function byHandLines({
  byHand = [],
  moreByHand = 0,
  byHandUnchecked = [],
}: Partial<Pick<RunReport, 'byHand' | 'moreByHand' | 'byHandUnchecked'>>): string[] {
  return [
    ...byHand.flatMap(said),
    ...(moreByHand === 0 ? [] : [`… and ${count(moreByHand, 'more dataset')}`]),
    ...byHandUnchecked.flatMap(unchecked),
  ];
}

function said(line: ByHandLine): string[] {
  const { share, where, owner, upload, location } = line;
  return [`${share}:${where} (${owner}): ${whatOf(line)}`, `    in "${upload}", ${location}`];
}

function whatOf({ kind, files, ofFiles, why = '' }: ByHandLine): string {
  switch (kind) {
    case 'all':
    case 'same':
      return `${allOf(files)} by ${byWhat({ kind })}, so it is not sent`;
    case 'some':
      return `only ${files} of its ${count(ofFiles, 'file')} for certain, so it is sent`;
    case 'gone':
      return files === 0
        ? `not there any more (${why}), and not on the share either`
        : `not there any more (${why}), so it is sent`;
  }
}

function unchecked({ owner, destination, datasets, why }: Unseen): string[] {
  const what = `Data of ${count(datasets, 'dataset')} that ${owner} has uploaded by hand to ${destination}`;
  return [`${what} is not sent, and it is not sure that it is still there:`, `    ${why}`];
}

/** A line of `explain`; what was found whole is in the state of its files. */
export function notByHand(found: FoundByHand | undefined): string[] {
  if (found?.kind === 'some') return [`  Hand   ${sayByHand(found)}; so it is sent`];
  if (found?.kind !== 'gone') return [];
  const { container, why = '' } = found;
  const was = `was uploaded by hand, in "${container.name}" (${container.location})`;
  return [`  Hand   ${was}, and is not there any more, so it is sent: ${why}`];
}
