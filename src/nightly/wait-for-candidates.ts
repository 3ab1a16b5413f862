import type { ShareName } from '../core/ids.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Run } from '../ledger/runs.ts';
import { type JudgeParts, judge, judgeParts, type Verdict } from './judge.ts';
import { keptDatasets } from './kept-datasets.ts';
import type { NightlyParts } from './parts.ts';

/**
 * Waits until the last candidate that can settle within the bound has had its time; answers their directories, and
 * those that the completion of their datasets depends on.
 */
export async function waitForCandidates(
  parts: NightlyParts,
  run: Run,
  looked: readonly ShareName[],
  signal: AbortSignal,
): Promise<Map<ShareName, SharePath[]>> {
  const { clock, emit } = parts;
  const judging = judgeParts(parts, run);
  const latest = clock.now() + parts.maxWaitMs;
  const candidates = new Map<ShareName, SharePath[]>();
  let until = 0;
  let files = 0;
  for (const name of looked) {
    const found = candidatesOf(judging, { share: name, runNo: run.no, latest });
    if (found.dirs.size > 0) candidates.set(name, [...found.dirs]);
    files += found.files;
    until = Math.max(until, found.until);
  }
  if (files === 0) return candidates;
  emit({ name: 'run.waiting', until, files });
  const remaining = until - clock.now();
  if (remaining > 0) await clock.sleep(remaining, signal);
  return candidates;
}

type Asked = { readonly share: ShareName; readonly runNo: number; readonly latest: number };
type Candidates = { readonly dirs: Set<SharePath>; readonly until: number; readonly files: number };

function candidatesOf(judging: JudgeParts, { share, runNo, latest }: Asked): Candidates {
  const kept = keptDatasets(judging, share, runNo);
  const dirs = new Set<SharePath>();
  const dependsOn = new Set<SharePath>();
  let until = 0;
  let files = 0;
  for (const { dir, entries } of judging.looks.open(share, runNo)) {
    const verdicts = entries.map((known) => judge(judging, share, { dir, known, kept }));
    const waiting = verdicts.filter((verdict) => settlesBy(verdict, latest));
    if (waiting.length === 0) continue;
    dirs.add(dir);
    files += waiting.length;
    until = Math.max(until, ...new Set(waiting.map(({ earliest }) => earliest ?? 0)));
    for (const above of waiting.flatMap(({ keep }) => keep?.dependsOn ?? [])) dependsOn.add(above);
  }
  // A lock file may be where nothing else is new.
  for (const above of dependsOn)
    for (const { dir } of judging.looks.below(share, above, runNo)) dirs.add(dir);
  return { dirs, until, files };
}

function settlesBy({ bucket, earliest }: Verdict, latest: number): boolean {
  return bucket === 'notSettled' && (earliest ?? Infinity) <= latest;
}
