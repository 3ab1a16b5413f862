import type { ShareName } from '../core/ids.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import type { Run } from '../ledger/runs.ts';
import type { Members } from '../ledger/waiting.ts';
import { judge, judgeParts } from './judge.ts';
import { type Keep, keptDatasets } from './kept-datasets.ts';
import type { NightlyParts } from './parts.ts';

type Parts = Pick<NightlyParts, 'ledger' | 'assign' | 'limitsOf' | 'clock' | 'settleNights'>;

/**
 * At the end of a run: which datasets have not settled, so that the ledger knows for how many nights. A share under
 * suspicion says nothing about that.
 */
export function rememberWaiting(parts: Parts, run: Run, shares: readonly ShareName[]): void {
  for (const share of shares)
    if (parts.ledger.scans.suspicionOf(share) === undefined) rememberShare(parts, run, share);
}

function rememberShare(parts: Parts, run: Run, share: ShareName): void {
  const judging = judgeParts(parts, run);
  const kept = keptDatasets(judging, share, run.no);
  const unsettled = new Map<SharePath, Counter>();
  const unlisted: SharePath[] = [];
  for (const { dir, entries } of parts.ledger.looks.open(share, run.no)) {
    for (const known of entries) {
      const { bucket, dataset, entry } = judge(judging, share, { dir, known, kept });
      if (entry.kind === 'unreadable-dir') unlisted.push(joinPath(dir, entry.name));
      if (bucket === 'notSettled' && dataset !== undefined) add(unsettled, dataset, entry.size);
    }
  }
  parts.ledger.waiting.record(share, unsettled, {
    at: run.startedAt,
    isUnknown: (dataset) => unlisted.some((dir) => dataset === dir || dataset.startsWith(`${dir}/`)),
    isOverdue: (dataset, { nights, since }) =>
      nights >= (parts.settleNights ?? DEFAULT_NIGHTS) && run.startedAt - since > slowness(kept.get(dataset)),
  });
}

/** As `settle_nights` has it. */
const DEFAULT_NIGHTS = 5;

type Counter = { -readonly [K in keyof Members]: Members[K] };

function add(unsettled: Map<SharePath, Counter>, dataset: SharePath, bytes: number): void {
  const members = unsettled.get(dataset) ?? { files: 0, bytes: 0 };
  unsettled.set(dataset, members);
  members.files += 1;
  members.bytes += bytes;
}

/** How long its rule wants it to be quiet: nobody has to look before that. */
const slowness = (keep: Keep | undefined): number =>
  keep?.earliest === undefined ? 0 : keep.earliest - keep.since;

/** A force is for one evening. It has not had it while its share is under suspicion: then nothing is sent. */
export function endForces({ ledger, clock }: Parts, run: Run, shares: readonly ShareName[]): void {
  for (const share of shares)
    if (ledger.scans.suspicionOf(share) === undefined)
      ledger.decisions.endForces(share, run.startedAt, clock.now());
}
