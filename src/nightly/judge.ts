import { rejectionOf } from '../batch/rejection.ts';
import type { BatchId, DestinationName, OwnerId, ShareName } from '../core/ids.ts';
import type { Assign, Entry, OwnedFile } from '../core/model.ts';
import type { CollectorCode, HoldCode } from '../core/owner-reason.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Pause } from '../ledger/pauses.ts';
import { ofRun, type Run } from '../ledger/runs.ts';
import type { Suspicion } from '../ledger/scans.ts';
import type { Waiting } from '../ledger/waiting.ts';
import { bySuspicion } from './by-suspicion.ts';
import { addendumView, type IsAddendum } from './is-addendum.ts';
import { type ByHandView, byHandView, unlessUnknown } from './judge-by-hand.ts';
import { byBatch } from './judge-in-batch.ts';
import { keptOut } from './judge-kept-out.ts';
import { beforePlanning, movedFrom, type RecognisedView, recognisedView } from './judge-recognised.ts';
import { unlistable } from './judge-unreadable.ts';
import type { Keep } from './kept-datasets.ts';
import { type FirstBatch, firstBatches } from './late-joiner.ts';
import { createNames, type Names } from './name-files.ts';
import { helpForOverdue, type Overdue, overdueOf } from './overdue.ts';
import { NOBODY, notOwned, otherOwner } from './owner-verdict.ts';
import type { NightlyParts } from './parts.ts';

/** Where a file stands at the end of a run: exactly one of these, and together they are all that was seen. */
export const BUCKETS = [
  'delivered',
  'unchanged',
  'waiting',
  'notSettled',
  'held',
  'rejected',
  'excluded',
  'byHand',
  'unreadable',
] as const;
export type Bucket = (typeof BUCKETS)[number] | 'ready';

/** One entry judged. `ready`: settled, owned and in no batch yet, so the planner takes it. */
export type Verdict = {
  readonly bucket: Bucket;
  readonly share: ShareName;
  readonly path: SharePath;
  readonly entry: Entry;
  readonly owner: string;
  readonly instrument: string;
  readonly dataset: SharePath | undefined;
  /** One sentence for a person. */
  readonly reason: string;
  /** What helps, as a sentence, where it is not the same for all of its bucket. */
  readonly help?: string;
  /** The earliest instant at which it can go, ms since 1970; undefined when time alone does not help. */
  readonly earliest?: number;
  /** Why the mapping holds it, or why the collector gets it. */
  readonly code?: HoldCode | CollectorCode;
  /** Delivered for somebody else than whose it would be now: told, never moved. */
  readonly ownerNow?: OwnerId;
  readonly batch?: BatchHead;
  /** The path it is, was or would be delivered under, where that is not its own. Not told of what is unchanged. */
  readonly as?: SharePath;
  readonly file?: OwnedFile;
  /** The first batch of its dataset: it joins late, and reopens the dataset. */
  readonly follows?: BatchId;
  /** For `unreadable`: the first look that found it so, ms since 1970, as far as looks can tell. */
  readonly since?: number;
  /** For `notSettled`: what keeps its dataset. */
  readonly keep?: Keep;
  /** Instead of `file`: it is ready but for a comparison with what was delivered. */
  readonly toCompare?: OwnedFile;
  /** Instead of `file`: it is ready, but what its owner uploads by hand could not be looked through. */
  readonly toLookUp?: OwnedFile;
  /** For `notSettled`: it has not for many nights. */
  readonly overdue?: Overdue;
};

/** All that a judgement depends on. The same for the real evening, `plan`, `why`, `explain` and the report. */
export type JudgeParts = {
  readonly assign: Assign;
  readonly batchByNo: (no: number) => BatchHead | undefined;
  readonly limitsOf: (destination: DestinationName) => {
    readonly maxBytes: number;
    readonly maxFiles: number;
  };
  readonly pauses: readonly Pause[];
  /** Who put a batch back that has not gone since; undefined: nobody did. */
  readonly putBackBy: (no: number) => string | undefined;
  readonly looks: Pick<Ledger['looks'], 'open' | 'below'>;
  /** What is held against the newest walk of a share: nothing new of it is acted on. */
  readonly suspicionOf: (share: ShareName) => Suspicion | undefined;
  readonly names: Names;
  readonly isAddendum: IsAddendum;
  /** Datasets that had not settled at the end of the last run. */
  readonly waitingIn: (share: ShareName) => ReadonlyMap<SharePath, Waiting>;
  /** Deliveries from here on count as delivered, earlier ones as unchanged; ms since 1970. */
  readonly isOfRun: (changedAt: number) => boolean;
  readonly recognised: RecognisedView;
  readonly byHand: ByHandView;
  readonly firstBatchOf: FirstBatch;
};

/** What judgements of this run depend on, as of now. */
export function judgeParts(
  parts: Pick<NightlyParts, 'ledger' | 'assign' | 'limitsOf' | 'clock'>,
  run: Pick<Run, 'since'>,
): JudgeParts {
  const heads = new Map<number, ReturnType<Ledger['batches']['headByNo']>>();
  const waiting = new Map<ShareName, ReadonlyMap<SharePath, Waiting>>();
  const suspicions = new Map<ShareName, Suspicion | undefined>();
  return {
    assign: parts.assign,
    limitsOf: parts.limitsOf,
    pauses: parts.ledger.pauses.inForce(parts.clock.now()),
    names: createNames(parts.ledger),
    isAddendum: addendumView(parts.ledger),
    isOfRun: ofRun(run, parts.clock.now()),
    putBackBy: parts.ledger.requeues.putBackBy,
    looks: parts.ledger.looks,
    waitingIn: (share) => {
      const known = waiting.get(share) ?? parts.ledger.waiting.all(share);
      waiting.set(share, known);
      return known;
    },
    suspicionOf: (share) => {
      if (!suspicions.has(share)) suspicions.set(share, parts.ledger.scans.suspicionOf(share));
      return suspicions.get(share);
    },
    recognised: recognisedView(parts.ledger),
    byHand: byHandView(parts.ledger),
    firstBatchOf: firstBatches(parts.ledger),
    batchByNo: (no) => {
      if (!heads.has(no)) heads.set(no, parts.ledger.batches.headByNo(no));
      return heads.get(no);
    },
  };
}

/** Judges one entry of a directory. */
export function judge(
  parts: JudgeParts,
  share: ShareName,
  at: {
    readonly dir: SharePath;
    readonly known: KnownEntry;
    readonly kept: ReadonlyMap<SharePath, Keep>;
  },
): Verdict {
  const { entry, facts } = at.known;
  const path = joinPath(at.dir, entry.name);
  const assignment = parts.assign(share, path, entry);
  const where = { share, path, entry, instrument: assignment.instrument, dataset: undefined };
  const nobody = { ...where, owner: NOBODY };

  if (entry.kind === 'unreadable-dir')
    return { ...nobody, ...unlistable(parts.assign, share, { path, entry, facts }) };
  const odd = oddKind(entry);
  if (odd !== undefined) return { ...nobody, ...odd };
  const batch = facts.batch === 0 ? undefined : parts.batchByNo(facts.batch);
  if (batch !== undefined)
    return {
      ...where,
      ...inBatch(batch, path, { parts, dir: at.dir, facts }),
      ...otherOwner(batch, assignment),
    };
  if (assignment.kind !== 'owned') return { ...where, ...notOwned(assignment) };

  const { owner, dataset } = assignment;
  const owned = { ...where, owner, dataset };
  const out = keptOut(parts, assignment, { share, path, entry, facts });
  if (out !== undefined) return { ...owned, ...out };
  const as = named(parts.names.next(share, path));
  const addendum = parts.isAddendum(facts.prior, path, entry);
  const file: OwnedFile = { ...entry, path, ...as, share, assignment, addendum };
  const rejection = rejectionOf(file, parts.limitsOf(assignment.destination));
  if (rejection !== undefined) return { ...owned, bucket: 'rejected', reason: rejection.reason };
  const suspicion = parts.suspicionOf(share);
  if (suspicion !== undefined) return { ...owned, ...as, ...bySuspicion(share, suspicion) };
  const follows = parts.firstBatchOf({ ...assignment, share });
  const judged = bySettling(file, facts.prior, at.kept, parts);
  return {
    ...owned,
    ...as,
    ...(follows === undefined ? {} : { follows }),
    ...unlessUnknown(beforePlanning(judged, { ...at, share, view: parts.recognised }), {
      ...{ view: parts.byHand, mark: facts.mark, follows },
    }),
  };
}

type Judged = Pick<
  Verdict,
  'bucket' | 'reason' | 'earliest' | 'code' | 'file' | 'keep' | 'help' | 'toCompare' | 'overdue'
>;

function oddKind(entry: Entry): Pick<Judged, 'bucket' | 'reason' | 'help'> | undefined {
  switch (entry.kind) {
    case 'symlink':
      return {
        ...{ bucket: 'excluded', reason: 'a shortcut (symbolic link): links are never followed' },
        help: 'Put the file itself there, instead of a link to it, if it should be delivered.',
      };
    case 'special':
      return { bucket: 'excluded', reason: 'not a regular file (pipe, socket or device)' };
    case 'other-file-system':
      return { bucket: 'excluded', reason: 'another file system is mounted here' };
    case 'unreadable-dir':
    case 'unreadable':
    case 'file':
      return undefined;
  }
}

/** The verdict on a file that a batch holds: delivered from here under some name, or known again from elsewhere. */
function inBatch(
  batch: BatchHead,
  path: SharePath,
  {
    parts,
    dir,
    facts,
  }: { readonly parts: JudgeParts; readonly dir: SharePath; readonly facts: KnownEntry['facts'] },
): ReturnType<typeof byBatch> & Pick<Verdict, 'as'> {
  const judged = byBatch(batch, parts);
  if (facts.mark === 'moved') return movedFrom(judged, { share: batch.share, dir, view: parts.recognised });
  return {
    ...judged,
    ...named(judged.bucket === 'unchanged' ? undefined : parts.names.planned(batch, path)),
  };
}

/** What is added where nights have gone by without an end. */
function longSince(
  { share, assignment }: OwnedFile,
  keep: Keep,
  parts: JudgeParts,
): Pick<Verdict, 'overdue' | 'help'> {
  const overdue = overdueOf(keep, parts.waitingIn(share).get(assignment.dataset));
  return overdue === undefined ? {} : { overdue, help: helpForOverdue(share, assignment.dataset) };
}

function bySettling(
  file: OwnedFile,
  prior: number,
  kept: ReadonlyMap<SharePath, Keep>,
  parts: JudgeParts,
): Judged {
  const { dataset, waived } = file.assignment;
  const keep = waived?.by === 'force' ? undefined : kept.get(dataset);
  if (keep !== undefined) {
    const reason = keep.goes === undefined ? keep.what : `${keep.what}; ${keep.goes}`;
    const earliest = keep.earliest === undefined ? {} : { earliest: keep.earliest };
    return { bucket: 'notSettled', reason, keep, ...earliest, ...longSince(file, keep, parts) };
  }
  const earlier = prior === 0 ? undefined : parts.batchByNo(prior)?.state;
  if (earlier === 'queued' || earlier === 'delivering')
    return { bucket: 'waiting', reason: 'an earlier version of it is on its way' };
  const { rule, reason = rule, code } = file.assignment;
  return { bucket: 'ready', reason, ...(code === undefined ? {} : { code }), file };
}

const named = (as: SharePath | undefined): { as?: SharePath } => (as === undefined ? {} : { as });
