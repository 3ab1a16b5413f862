import type { ShareName } from '../core/ids.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Run } from '../ledger/runs.ts';

/** Why a run did not see the files of a batch: gone is only said of what a walk that is believed could have seen. */
export function unseenBecause(
  { looks, scans }: Pick<Ledger, 'looks' | 'scans'>,
  run: Pick<Run, 'no'>,
): (batch: Pick<BatchHead, 'no' | 'share'>) => string {
  const outOfReach = new Map<ShareName, ReadonlySet<number>>();
  const batchesOutOfReach = (share: ShareName): ReadonlySet<number> => {
    const known = outOfReach.get(share) ?? new Set(batchesIn(looks.outOfReach(share, run.no)));
    outOfReach.set(share, known);
    return known;
  };
  return ({ no, share }) => {
    if (batchesOutOfReach(share).has(no))
      return 'its files are below a directory that could not be listed; whether they are there is unknown';
    if (scans.suspicionOf(share) !== undefined)
      return 'its files were not seen by a walk that is not believed; whether they are there is unknown';
    return 'its files are not on the share any more';
  };
}

function* batchesIn(dirs: ReturnType<Ledger['looks']['outOfReach']>): Generator<number> {
  for (const { entries } of dirs) for (const { facts } of entries) yield facts.batch;
}
