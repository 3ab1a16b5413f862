import type { IngestError } from '../core/errors.ts';
import type { ShareName } from '../core/ids.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Unseen } from '../ledger/by-hand.ts';
import type { ContainerEvent } from '../ledger/container-events.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import type { PublicationLine } from '../ledger/publications.ts';
import type { RequeueResult } from '../ledger/requeues.ts';
import type { Run } from '../ledger/runs.ts';
import type { ScanProblem } from '../ledger/scans.ts';
import { type FutureTimes, watchTimes } from './future-times.ts';
import { BUCKETS, judge, judgeParts, type Verdict } from './judge.ts';
import { keptDatasets } from './kept-datasets.ts';
import type { Mails } from './mails.ts';
import { namesByOwner, type OwnerNames } from './name-list.ts';
import type { NightlyParts, OwnerReminder } from './parts.ts';
import { type AuditReport, auditIn } from './report-audit.ts';
import { type ByHandLine, foundInRun } from './report-by-hand.ts';
import { type CollectorReport, collectorReport } from './report-collector.ts';
import { type AcceptedLine, type DeliveryLine, sentIn } from './report-deliveries.ts';
import { type OutageLine, outagesIn } from './report-outages.ts';
import { isUnpublished, publicationsOf } from './report-publications.ts';
import { type RecognisedLine, recognisedIn } from './report-recognised.ts';
import { type Trouble, troublesOf } from './report-troubles.ts';
import { outcomeOf, type RunOutcome } from './run-outcome.ts';
import { problemOf, type ShareLine, shareLine } from './share-line.ts';
import {
  type Amount,
  addStray,
  addVerdict,
  type Note,
  newTally,
  type OwnerChange,
  type Tally,
} from './tally.ts';
import { unseenBecause } from './unseen.ts';

/** What became of a share in a run. `looked`: walked whole, and proven before and after. */
export type ShareOutcome = { readonly looked: boolean; readonly error?: IngestError };

/** The report of one run; its JSON form is stable (docs/json.md), `format` grows when a field changes its meaning. */
export type RunReport = {
  readonly format: 1;
  readonly run: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Hash of the newest event of the history when this was made; for `audit verify --head`. */
  readonly historyHead?: string;
  readonly outcome: RunOutcome;
  /** No run before it came to its end: there is nothing to compare it with. */
  readonly firstRun: boolean;
  readonly balanced: boolean;
  readonly seen: Amount;
  readonly buckets: Tally['buckets'];
  readonly owners: Tally['owners'];
  readonly instruments: Tally['instruments'];
  /** Why folders.yaml as it is now is not in force: the run went by the mapping accepted before. */
  readonly mapping?: ScanProblem;
  /** Why the queue took nothing at the end of the run: what waits goes out when it does. */
  readonly queue?: ScanProblem;
  readonly shares: readonly ShareLine[];
  readonly deliveries: readonly DeliveryLine[];
  /** Sent in earlier runs, and only accepted: the destination has not said yet that it is there. Absent: none is. */
  readonly stillAccepted?: readonly AcceptedLine[];
  /** What went wrong at destinations: one for each cause, not for each batch. */
  readonly troubles: readonly Trouble[];
  /** Containers that were lost, or made without an answer. */
  readonly containers: readonly ContainerEvent[];
  /** Batches that rules publish, and what came of that; absent: none. */
  readonly publications?: readonly PublicationLine[];
  /** How often platforms may have mailed owners because of these. */
  readonly mails: readonly Mails[];
  /** Destinations that were away. */
  readonly outages: readonly OutageLine[];
  /** What only looked new; `moreRecognised` further lines are not listed. */
  readonly recognised: readonly RecognisedLine[];
  readonly moreRecognised: number;
  /** Datasets that were found in what their owners have uploaded by hand. */
  readonly byHand: readonly ByHandLine[];
  readonly moreByHand: number;
  /** Of what was found in earlier runs, what nobody could look for in this one; absent in reports of older versions. */
  readonly byHandUnchecked?: readonly Unseen[];
  /** What persons put back, and what came of it since the run before. */
  readonly requeues: readonly RequeueResult[];
  /** Old deliveries that were asked for again; absent: none was. */
  readonly audit?: AuditReport;
  /** Files that are dated in the future, by share. */
  readonly futureTimes: readonly FutureTimes[];
  /** What went, or is to go, under other names than its own. */
  readonly names: readonly OwnerNames[];
  /** Delivered for one owner, and another's by now: told, never moved. The first hundred. */
  readonly ownerChanges: readonly OwnerChange[];
  /** What lies with the collector after this run. */
  readonly collector: CollectorReport;
  readonly reminders: readonly OwnerReminder[];
  readonly notes: readonly Note[];
  /** Notes that are not listed because there are too many. */
  readonly moreNotes: number;
};

type Ending = {
  readonly outcomes: ReadonlyMap<ShareName, ShareOutcome>;
  readonly stopped: IngestError | undefined;
};

type ReportParts = Pick<
  NightlyParts,
  | 'ledger'
  | 'assign'
  | 'limitsOf'
  | 'clock'
  | 'shares'
  | 'refusedMapping'
  | 'queueTrouble'
  | 'hasOwners'
  | 'reminders'
  | 'mailsOwners'
  | 'collectorWarnAbove'
>;

/** Counts every file the run saw into its bucket, and holds the sum against what the scanner counted. */
export function makeReport(parts: ReportParts, run: Run, { outcomes, stopped }: Ending): RunReport {
  const tally = newTally();
  const seen = { files: 0, bytes: 0 };
  const futureTimes: FutureTimes[] = [];
  for (const { name } of parts.shares) {
    if (outcomes.get(name)?.looked !== true) continue;
    const counted = parts.ledger.looks.seen(name, run.no);
    seen.files += counted.files;
    seen.bytes += counted.bytes;
    const times = watchTimes(name, run);
    for (const verdict of judgeAll(parts, name, run, times.see)) addVerdict(tally, verdict);
    futureTimes.push(...times.found());
  }
  const strays = addStrays(parts, run, { outcomes, tally });
  const balanced = isBalanced(seen, tally);
  const firstRun = parts.ledger.runs.isFirst(run.no);
  const shares = parts.shares.map(({ name }) => shareLine(parts, run, name, outcomes.get(name)));
  const ours = troublesOfOurs(parts);
  const published = publicationsOf(parts, run.since);
  return {
    format: 1,
    run: run.id,
    startedAt: run.startedAt,
    finishedAt: parts.clock.now(),
    ...headOf(parts.ledger),
    firstRun,
    outcome: outcomeOf({
      balanced,
      firstRun,
      stopped,
      tally,
      hasOwners: parts.hasOwners(),
      failed:
        strays > 0 ||
        isUnpublished(published) ||
        ours.mapping !== undefined ||
        shares.some(({ looked, suspicion }) => !looked || suspicion !== undefined),
    }),
    balanced,
    seen,
    buckets: tally.buckets,
    owners: tally.owners,
    instruments: tally.instruments,
    ...ours,
    shares,
    ...sentIn(parts, run),
    troubles: troublesOf(parts, run),
    containers: parts.ledger.containerEvents(run.since),
    ...published,
    outages: outagesIn(parts, run),
    ...recognisedIn(parts.ledger, run),
    ...foundInRun(parts.ledger, run.no),
    ...auditOf(parts, run),
    requeues: parts.ledger.requeues.since(run.since),
    futureTimes,
    names: namesByOwner(tally.names),
    ...ofOwners(parts, tally),
    ...notesOf(tally),
  };
}

/** What went wrong with what is ours, and not with a share or a destination. */
function troublesOfOurs({ refusedMapping, queueTrouble }: ReportParts): Pick<RunReport, 'mapping' | 'queue'> {
  const [refused, queue] = [refusedMapping?.(), queueTrouble?.()];
  return {
    ...(refused === undefined ? {} : { mapping: problemOf(refused) }),
    ...(queue === undefined ? {} : { queue: problemOf(queue) }),
  };
}

/** Every entry of a share that the run looked at, judged as of now. */
export function* judgeAll(
  parts: Pick<NightlyParts, 'ledger' | 'assign' | 'limitsOf' | 'clock'>,
  share: ShareName,
  run: Pick<Run, 'since'> & { readonly no?: number },
  see?: (dir: SharePath, known: KnownEntry) => void,
): Generator<Verdict> {
  const judging = judgeParts(parts, run);
  const kept = keptDatasets(judging, share, run.no);
  for (const { dir, entries } of parts.ledger.looks.all(share, run.no))
    for (const known of entries) {
      see?.(dir, known);
      yield judge(judging, share, { dir, known, kept });
    }
}

/** Held and rejected batches that no file seen in this run belongs to: a person has to know of them all the same. */
function addStrays(
  { ledger, shares }: Pick<NightlyParts, 'ledger' | 'shares'>,
  run: Run,
  { outcomes, tally }: Pick<Ending, 'outcomes'> & { readonly tally: Tally },
): number {
  const unknown = new Set(
    shares.map(({ name }) => name).filter((name) => outcomes.get(name)?.looked !== true),
  );
  const whyUnseen = unseenBecause(ledger, run);
  let strays = 0;
  for (const head of ledger.list({ states: ['held', 'rejected'] })) {
    if (tally.stuck.has(head.no) || unknown.has(head.share)) continue;
    addStray(tally, head, whyUnseen(head));
    strays += 1;
  }
  return strays;
}

function isBalanced(seen: Amount, tally: Tally): boolean {
  const sums = BUCKETS.map((bucket) => tally.buckets[bucket]);
  const files = sums.reduce((sum, amount) => sum + amount.files, 0);
  const bytes = sums.reduce((sum, amount) => sum + amount.bytes, 0);
  return files === seen.files && bytes === seen.bytes;
}

const MAX_OWNER_CHANGES = 100;

function ofOwners(
  { ledger, reminders, collectorWarnAbove }: ReportParts,
  tally: Tally,
): Pick<RunReport, 'ownerChanges' | 'collector' | 'reminders'> {
  return {
    ownerChanges: [...tally.ownerChanges.values()].slice(0, MAX_OWNER_CHANGES),
    collector: collectorReport(ledger.collected(), collectorWarnAbove?.()),
    reminders: reminders?.() ?? [],
  };
}

const MAX_NOTES = 500;

function notesOf(tally: Tally): { notes: Note[]; moreNotes: number } {
  // A list that must be cut begins with what a person should see.
  const all = [...tally.notes.values()].toSorted(
    (a, b) => Number(b.overdue !== undefined) - Number(a.overdue !== undefined),
  );
  return {
    notes: all.slice(0, MAX_NOTES),
    moreNotes: Math.max(0, all.length - MAX_NOTES) + tally.droppedNotes,
  };
}

function auditOf(parts: ReportParts, run: Run): Pick<RunReport, 'audit'> {
  const audit = auditIn(parts, run);
  return audit === undefined ? {} : { audit };
}

function headOf(ledger: Pick<ReportParts['ledger'], 'historyHead'>): Pick<RunReport, 'historyHead'> {
  const historyHead = ledger.historyHead();
  return historyHead === undefined ? {} : { historyHead };
}
