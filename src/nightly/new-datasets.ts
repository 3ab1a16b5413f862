import type { ShareName } from '../core/ids.ts';
import type { PlannedFile } from '../core/model.ts';
import type { AccountAt } from '../ledger/accounts.ts';
import type { DatasetAt } from '../ledger/first-batch.ts';
import type { Run } from '../ledger/runs.ts';
import { judge, judgeParts, type Verdict } from './judge.ts';
import { keptDatasets } from './kept-datasets.ts';
import type { NightlyParts } from './parts.ts';

/** A dataset of which nothing was sent: its files that would go now, and those known to be uploaded by hand. */
export type NewDataset = DatasetAt & { readonly files: readonly PlannedFile[] };

type Looking = Pick<NightlyParts, 'ledger' | 'assign' | 'limitsOf' | 'clock'>;
type Member = { readonly at: DatasetAt; readonly file: PlannedFile; readonly isNew: boolean };

/** Memory stays flat: what is new beyond so many files is not looked for, and is sent. */
const MOST_FILES = 250_000;

/** The new datasets of some accounts, whole. */
export function newDatasets(
  parts: Looking,
  share: ShareName,
  { run, isMeant }: { readonly run: Pick<Run, 'no' | 'since'>; readonly isMeant: (at: AccountAt) => boolean },
): NewDataset[] {
  const found = new Map<string, { at: DatasetAt; files: PlannedFile[]; hasNew: boolean }>();
  const cut = new Set<string>();
  let files = 0;
  for (const { at, file, isNew } of members(parts, share, run)) {
    if (!isMeant(at)) continue;
    const key = JSON.stringify([at.destination, at.owner, at.dataset]);
    if (files >= MOST_FILES) {
      cut.add(key);
      continue;
    }
    const known = found.get(key) ?? { at, files: [], hasNew: false };
    found.set(key, known);
    known.files.push(file);
    known.hasNew ||= isNew;
    files += 1;
  }
  return [...found].flatMap(([key, { at, files: all, hasNew }]) =>
    hasNew && !cut.has(key) ? [{ ...at, files: all }] : [],
  );
}

function* members(parts: Looking, share: ShareName, run: Pick<Run, 'no' | 'since'>): Generator<Member> {
  const judging = judgeParts(parts, run);
  const kept = keptDatasets(judging, share, run.no);
  for (const { dir, entries } of parts.ledger.looks.open(share, run.no))
    for (const known of entries) {
      if (known.facts.mark === 'afterHand') continue;
      const verdict = judge(judging, share, { dir, known, kept });
      const isNew = wouldBeFirst(verdict);
      if (!isNew && verdict.bucket !== 'byHand') continue;
      const { path, entry } = verdict;
      const assignment = parts.assign(share, path, entry);
      if (assignment.kind !== 'owned') continue;
      const { owner, destination, dataset } = assignment;
      const { size, mtimeNs, ctimeNs, ino } = entry;
      const file = { path, size, mtimeNs, ctimeNs, ino };
      yield { at: { share, owner, destination, dataset }, file, isNew };
    }
}

/** It would go now, in the first batch of its dataset, and nobody forces it. */
function wouldBeFirst({ file, toLookUp, follows }: Verdict): boolean {
  const goes = file ?? toLookUp;
  return goes !== undefined && follows === undefined && goes.assignment.waived?.by !== 'force';
}
