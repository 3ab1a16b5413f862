import type { ShareName } from '../core/ids.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Run } from '../ledger/runs.ts';
import { judge, judgeParts, unsettledDatasets } from './judge.ts';
import type { NightlyParts } from './parts.ts';

/** Waits until the last candidate that can settle within the bound has had its time; answers their directories. */
export async function waitForCandidates(
  parts: NightlyParts,
  run: Run,
  looked: readonly ShareName[],
  signal: AbortSignal,
): Promise<Map<ShareName, SharePath[]>> {
  const { clock, ledger, emit } = parts;
  const judging = judgeParts(parts, run);
  const latest = clock.now() + parts.maxWaitMs;
  const candidates = new Map<ShareName, SharePath[]>();
  let until = 0;
  let files = 0;
  for (const name of looked) {
    const unsettled = unsettledDatasets(judging, name, ledger.looks.open(name, run.no));
    const dirs: SharePath[] = [];
    for (const { dir, entries } of ledger.looks.open(name, run.no)) {
      const verdicts = entries.map((known) => judge(judging, name, { dir, known, unsettled }));
      const waiting = verdicts.filter(
        ({ bucket, earliest }) => bucket === 'notSettled' && (earliest ?? Infinity) <= latest,
      );
      if (waiting.length === 0) continue;
      dirs.push(dir);
      files += waiting.length;
      until = Math.max(until, ...new Set(waiting.map(({ earliest }) => earliest ?? 0)));
    }
    if (dirs.length > 0) candidates.set(name, dirs);
  }
  if (files === 0) return candidates;
  emit({ name: 'run.waiting', until, files });
  const remaining = until - clock.now();
  if (remaining > 0) await clock.sleep(remaining, signal);
  return candidates;
}
