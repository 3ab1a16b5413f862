import { isLostDelivery } from '../app/withdraw-outdated.ts';
import type { Workspace } from '../app/workspace.ts';
import type { Decision } from '../core/decision.ts';
import { IngestError } from '../core/errors.ts';
import { printable } from '../core/share-path.ts';
import { isDelivered } from '../core/states.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import { type Bucket, judge, judgeParts, type Verdict } from '../nightly/judge.ts';
import { keptDatasets } from '../nightly/kept-datasets.ts';
import type { Amount } from '../nightly/tally.ts';
import { decided } from '../ownership/narrow.ts';
import type { AskedPath } from './asked-path.ts';
import { isWithin, mayHold } from './find-causes.ts';
import { lastLook } from './last-look.ts';

export type ByBucket = Partial<Record<Bucket, Amount>>;

/** What a decision would change of what the last look saw at and below its path. */
export type DecisionPreview = {
  readonly asked: AskedPath;
  readonly decision: Decision;
  readonly before: ByBucket;
  readonly after: ByBucket;
  readonly changes: number;
  /** Why the files that it does not help stay where they are: some of the reasons. */
  readonly stays: readonly string[];
  /** Batches that are not on their way yet and hold files there; an exclusion takes them out. */
  readonly batches: readonly BatchHead[];
};

const MOST_REASONS = 3;

/** Throws USAGE for a path where no look has seen anything. */
export function previewDecision(workspace: Workspace, asked: AskedPath, decision: Decision): DecisionPreview {
  const { share, path } = asked;
  const today = verdictsWithin(workspace, asked);
  if (today.length === 0) throw neverSeen(asked);
  const decidedSo = verdictsWithin(
    {
      ...workspace,
      assign: (name, at, entry) => {
        const assignment = workspace.assign(name, at, entry);
        const isMeant = name === share.name && isWithin(at, path);
        return isMeant ? decided(assignment, name, [decision]) : assignment;
      },
    },
    asked,
  );
  const batches = decision.kind === 'exclude' ? notYetSent(today) : [];
  const taken = new Set(batches.map(({ no }) => no));
  const after = decidedSo.map(({ batch, ...verdict }) =>
    batch !== undefined && taken.has(batch.no) ? { ...verdict, bucket: 'excluded' as const } : verdict,
  );
  const same = after.filter(({ bucket }, at) => bucket === today[at]?.bucket);
  const stuck = same.filter(({ bucket }) => !FINE.includes(bucket)).map(({ reason }) => printable(reason));
  return {
    ...{ asked, decision, before: byBucket(today), after: byBucket(after), batches },
    changes: today.length - same.length,
    stays: [...new Set(stuck)].slice(0, MOST_REASONS),
  };
}

const FINE: readonly Bucket[] = ['delivered', 'unchanged', 'ready', 'excluded'];

function verdictsWithin(workspace: Workspace, { share, path }: AskedPath): Verdict[] {
  const run = lastLook(workspace.ledger, share.name);
  if (run === undefined) return [];
  const judging = judgeParts(workspace, run);
  const kept = keptDatasets(judging, share.name, run.no);
  const verdicts: Verdict[] = [];
  for (const at of workspace.ledger.looks.all(share.name, run.no)) {
    if (!mayHold(at, path)) continue;
    for (const known of at.entries) {
      const verdict = judge(judging, share.name, { dir: at.dir, known, kept });
      if (isWithin(verdict.path, path)) verdicts.push(verdict);
    }
  }
  return verdicts;
}

/** What is in flight is left alone: it is held against the decision when it is delivered. So is what its destination lost. */
function notYetSent(verdicts: readonly Verdict[]): BatchHead[] {
  const heads = verdicts.flatMap(({ batch }) => batch ?? []);
  const open = heads.filter(
    (head) => !isDelivered(head.state) && !IN_FLIGHT.includes(head.state) && !isLostDelivery(head),
  );
  return [...new Map(open.map((head) => [head.no, head])).values()];
}

const IN_FLIGHT: readonly string[] = ['queued', 'delivering'];

function byBucket(verdicts: readonly Pick<Verdict, 'bucket' | 'entry'>[]): ByBucket {
  const amounts: Partial<Record<Bucket, { files: number; bytes: number }>> = {};
  for (const { bucket, entry } of verdicts) {
    const amount = (amounts[bucket] ??= { files: 0, bytes: 0 });
    amount.files += 1;
    amount.bytes += entry.kind === 'file' || entry.kind === 'unreadable' ? entry.size : 0;
  }
  return amounts;
}

function neverSeen({ share, path }: AskedPath): IngestError {
  return new IngestError('USAGE', `no look has seen anything at ${share.name}:${printable(path)}`, {
    hint: 'Check the spelling; what is new on the share is known after the next run. `nightjar explain PATH` tells what is known.',
  });
}
