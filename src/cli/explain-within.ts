import type { Workspace } from '../app/workspace.ts';
import { CONTROL_FILE } from '../core/control.ts';
import { nameOf, printable, type SharePath } from '../core/share-path.ts';
import { isDelivered } from '../core/states.ts';
import { count } from '../core/units.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Mark } from '../ledger/facts.ts';
import { judge, judgeParts, type Verdict } from '../nightly/judge.ts';
import { keptDatasets } from '../nightly/kept-datasets.ts';
import { addVerdict, newTally, type Tally } from '../nightly/tally.ts';
import type { AskedPath } from './asked-path.ts';
import { isWithin, mayHold } from './find-causes.ts';
import { lastLook } from './last-look.ts';

/** What the last look saw at or below a directory. */
export type Within = {
  readonly tally: Tally;
  readonly first: SharePath;
  /** Datasets that their owners have uploaded by hand, and where to. */
  readonly byHand: ReadonlyMap<SharePath, string>;
  /** Delivered batches whose container was lost since, and may have taken them along. */
  readonly inDoubt: readonly BatchHead[];
};

type Found = {
  readonly tally: Tally;
  readonly byHand: Map<SharePath, string>;
  readonly delivered: Map<number, BatchHead>;
};

/** Everything at or below a directory by its bucket; undefined when no look has seen anything there. */
export function lookWithin(workspace: Workspace, { share, path }: AskedPath): Within | undefined {
  const { ledger } = workspace;
  const run = lastLook(ledger, share.name);
  if (run === undefined) return undefined;
  const judging = judgeParts(workspace, { since: run.startedAt });
  const kept = keptDatasets(judging, share.name, run.no);
  const found: Found = { tally: newTally(), byHand: new Map(), delivered: new Map() };
  let first: SharePath | undefined;
  let any: SharePath | undefined;
  for (const at of ledger.looks.all(share.name, run.no)) {
    if (!mayHold(at, path)) continue;
    for (const known of at.entries) {
      const verdict = judge(judging, share.name, { dir: at.dir, known, kept });
      if (!isWithin(verdict.path, path)) continue;
      add(found, verdict, known.facts.mark);
      if (nameOf(verdict.path) !== CONTROL_FILE) first ??= verdict.path;
      any ??= verdict.path;
    }
  }
  if (any === undefined) return undefined;
  const { tally, byHand, delivered } = found;
  const inDoubt = [...delivered.values()].filter((batch) => mayBeTaken(ledger, batch));
  return { tally, first: first ?? any, byHand, inDoubt };
}

function add({ tally, byHand, delivered }: Found, verdict: Verdict, mark: Mark): void {
  addVerdict(tally, verdict);
  const { bucket, batch, dataset, reason } = verdict;
  if (bucket === 'byHand' && mark === 'byHand' && dataset !== undefined) byHand.set(dataset, reason);
  if (batch !== undefined && isDelivered(batch.state)) delivered.set(batch.no, batch);
}

/** Whether the container that a delivered batch went into was lost since, and the batch perhaps with it. */
export function mayBeTaken({ lostContainers }: Workspace['ledger'], batch: BatchHead | undefined): boolean {
  return batch !== undefined && isDelivered(batch.state) && lostContainers.mayHaveTaken(batch.id);
}

export const IN_DOUBT =
  'what it was delivered into takes nothing more or is gone since: look whether it is still there (nightjar audit deliveries), for it is not sent again by itself';

/** A directory may hold thousands of datasets. */
const SHOWN = 20;

/** Lines of `explain` about the datasets in a directory. */
export function withinLines({ byHand, inDoubt }: Pick<Within, 'byHand' | 'inDoubt'>): string[] {
  const hands = [...byHand].map(
    ([dataset, reason]) => `  Hand   ${printable(dataset)}: ${printable(reason)}`,
  );
  const doubts = inDoubt.map(({ id, dataset, receipt }) => {
    const where = receipt === undefined ? '' : ` (${printable(receipt.location)})`;
    return `  Doubt  ${printable(dataset)}, ${id}${where}: ${IN_DOUBT}`;
  });
  return [...some(hands), ...some(doubts)];
}

function some(lines: readonly string[]): string[] {
  const more = lines.length - SHOWN;
  return more <= 0 ? [...lines] : [...lines.slice(0, SHOWN), `  … and ${count(more, 'more dataset')}`];
}

/** Their JSON form (docs/json.md). */
export function withinJson(within: Pick<Within, 'byHand' | 'inDoubt'> | undefined): object {
  if (within === undefined) return {};
  return {
    byHandWithin: [...within.byHand].map(([dataset, reason]) => ({
      ...{ dataset: printable(dataset), reason: printable(reason) },
    })),
    inDoubt: within.inDoubt.map(({ id, dataset }) => ({ batch: id, dataset: printable(dataset) })),
  };
}
