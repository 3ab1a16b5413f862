import type { Completion, Condition } from '../core/completion.ts';
import { matchGlob, parseGlob } from '../core/glob.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Run } from '../ledger/runs.ts';
import { tryOpen } from '../share/try-open.ts';
import { keptDatasets, membersOf } from './kept-datasets.ts';

import type { NightlyParts } from './parts.ts';
import type { ShareTarget } from './walk-proven.ts';

type TryParts = Pick<NightlyParts, 'ledger' | 'assign' | 'clock' | 'stallMs'>;

/**
 * Tries to open the files that a rule wants closed, of datasets that could go now; no other file is ever touched. The
 * answer counts like a look: what another program has open has changed just now, and keeps its dataset until the
 * next run tries again.
 */
export async function tryCandidates(
  parts: TryParts,
  share: ShareTarget,
  run: Pick<Run, 'no'>,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, clock } = parts;
  const paths = candidatesOf(parts, share, run);
  if (paths.length === 0) return;
  const deadlineMs = share.stallMs ?? parts.stallMs;
  const tried = await tryOpen(share, paths, { deadlineMs, clock, signal });
  const at = clock.now();
  ledger.looks.assign(share.name, tried.keys(), (facts, path) => {
    const answer = tried.get(path);
    return answer === undefined ? facts : { ...facts, since: at, tried: answer };
  });
}

function candidatesOf(parts: TryParts, share: ShareTarget, run: Pick<Run, 'no'>): SharePath[] {
  const judging = { assign: parts.assign, looks: parts.ledger.looks };
  let kept: ReturnType<typeof keptDatasets> | undefined;
  const paths: SharePath[] = [];
  for (const { path, assignment } of membersOf(judging, share.name, run.no)) {
    const { complete, waived, dataset } = assignment;
    if (complete === undefined || waived !== undefined || !isAsked(complete, path)) continue;
    kept ??= keptDatasets(judging, share.name, run.no);
    if (!kept.has(dataset)) paths.push(path);
  }
  return paths;
}

function isAsked({ condition, dir }: Completion, path: SharePath): boolean {
  const below = dir === '' ? path : path.slice(dir.length + 1);
  return patternsIn(condition).some((pattern) => matchGlob(parseGlob(pattern), below) !== undefined);
}

function patternsIn(condition: Condition): readonly string[] {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.flatMap(patternsIn);
  return condition.kind === 'closed' ? condition.files : [];
}
