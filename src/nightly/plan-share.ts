import { joinBatches } from '../batch/join-batches.ts';
import { isRejected, planBatches } from '../batch/plan-batches.ts';
import type { ShareName } from '../core/ids.ts';
import type { BatchPlan, OwnedFile } from '../core/model.ts';
import type { Run } from '../ledger/runs.ts';
import { judge, judgeParts } from './judge.ts';
import { keptDatasets } from './kept-datasets.ts';
import { firstBatches } from './late-joiner.ts';
import type { NightlyParts } from './parts.ts';

/** The batches that a share's ready files make now; records nothing. */
export function* planShare(
  parts: Pick<NightlyParts, 'ledger' | 'assign' | 'limitsOf' | 'clock'>,
  share: ShareName,
  run: Pick<Run, 'no' | 'since'>,
): Generator<BatchPlan> {
  const judging = judgeParts(parts, run);
  const { looks } = parts.ledger;
  const kept = keptDatasets(judging, share, run.no);
  function* ready(): Generator<OwnedFile> {
    for (const { dir, entries } of looks.open(share, run.no)) {
      for (const known of entries) {
        const { file } = judge(judging, share, { dir, known, kept });
        if (file !== undefined) yield file;
      }
    }
  }
  const firstOf = firstBatches(parts.ledger);
  function* byDataset(): Generator<BatchPlan> {
    for (const planned of planBatches(ready(), parts.limitsOf)) {
      if (isRejected(planned)) continue;
      const first = firstOf(planned);
      yield first === undefined || first === planned.id ? planned : { ...planned, follows: first };
    }
  }
  yield* joinBatches(byDataset(), parts.limitsOf);
}
