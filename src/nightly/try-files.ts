import type { Condition } from '../core/completion.ts';
import { type Glob, matchGlob, parseGlob } from '../core/glob.ts';
import type { ShareName } from '../core/ids.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Run } from '../ledger/runs.ts';
import { tryOpen } from '../share/try-open.ts';
import { keptDatasets, membersOf } from './kept-datasets.ts';

import type { NightlyParts } from './parts.ts';
import type { ShareTarget } from './walk-proven.ts';

type TryParts = Pick<NightlyParts, 'ledger' | 'assign' | 'clock' | 'stallMs'>;

/** The files that a rule wants closed, of datasets that could go now. */
export function filesToTry(
  parts: Pick<TryParts, 'ledger' | 'assign'>,
  share: ShareName,
  run: Pick<Run, 'no'>,
): SharePath[] {
  const judging = { assign: parts.assign, looks: parts.ledger.looks };
  const globsOf = rememberGlobs();
  let kept: ReturnType<typeof keptDatasets> | undefined;
  const paths: SharePath[] = [];
  for (const { path, assignment } of membersOf(judging, share, run.no)) {
    const { complete, waived, dataset } = assignment;
    if (complete === undefined || waived !== undefined) continue;
    const below = complete.dir === '' ? path : path.slice(complete.dir.length + 1);
    if (!globsOf(complete.condition).some((glob) => matchGlob(glob, below) !== undefined)) continue;
    kept ??= keptDatasets(judging, share, run.no);
    if (!kept.has(dataset)) paths.push(path);
  }
  return paths;
}

/**
 * Tries to open these files of `filesToTry`; no other file is ever touched. The answer counts like a look: what another
 * program has open has changed just now, and keeps its dataset until the next run tries again.
 */
export async function tryFiles(
  parts: TryParts,
  share: ShareTarget,
  paths: readonly SharePath[],
  signal: AbortSignal,
): Promise<void> {
  const { ledger, clock } = parts;
  const deadlineMs = share.stallMs ?? parts.stallMs;
  const tried = await tryOpen(share, paths, { deadlineMs, clock, signal });
  const at = clock.now();
  ledger.looks.assign(share.name, tried.keys(), (facts, path) => {
    const answer = tried.get(path);
    return answer === undefined ? facts : { ...facts, since: at, tried: answer };
  });
}

/** The patterns of files that must be closed; a rule's condition is read once for all of its files. */
function rememberGlobs(): (condition: Condition) => readonly Glob[] {
  const known = new Map<Condition, readonly Glob[]>();
  return (condition) => {
    const globs = known.get(condition) ?? patternsIn(condition).map(parseGlob);
    known.set(condition, globs);
    return globs;
  };
}

function patternsIn(condition: Condition): readonly string[] {
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.flatMap(patternsIn);
  return condition.kind === 'closed' ? condition.files : [];
}
