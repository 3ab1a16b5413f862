import { printable } from '../core/share-path.ts';
import type { FoundByHand, Unseen } from '../ledger/by-hand.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

/** A dataset that was found in what its owner has uploaded by hand: `all` of it, so that it is not sent, or `some`; or is `gone`. */
export type ByHandLine = {
  readonly share: string;
  readonly where: string;
  readonly owner: string;
  readonly destination: string;
  readonly kind: FoundByHand['kind'];
  /** Name of the upload, and its page. */
  readonly upload: string;
  readonly location: string;
  /** The directory in it; '' is its root. */
  readonly below: string;
  /** What was found by name and size, of so many. */
  readonly files: number;
  readonly bytes: number;
  readonly ofFiles: number;
  readonly at: number;
  /** For `gone`: what is not there any more; else why nobody could look whether it still is. */
  readonly why?: string;
};

const MAX_LINES = 500;

/** What a run found; `moreByHand` further lines are not listed. */
export function foundInRun(
  { byHand }: Pick<Ledger, 'byHand'>,
  runNo: number,
): {
  readonly byHand: readonly ByHandLine[];
  readonly moreByHand: number;
  readonly byHandUnchecked: readonly Unseen[];
} {
  const all = byHand.ofRun(runNo);
  return {
    byHand: all.slice(0, MAX_LINES).map(byHandLine),
    moreByHand: Math.max(0, all.length - MAX_LINES),
    byHandUnchecked: byHand.unseenIn(runNo),
  };
}

export function byHandLine(found: FoundByHand): ByHandLine {
  const { share, dataset, owner, destination, kind, container, below, files, bytes, ofFiles, at, why } =
    found;
  return {
    ...{ share, where: printable(dataset), owner, destination, kind },
    ...{ upload: printable(container.name), location: container.location, below: printable(below) },
    ...{ files, bytes, ofFiles, at },
    ...(why === undefined ? {} : { why: printable(why) }),
  };
}
