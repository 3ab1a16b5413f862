import { mailsOwners, parallelAt } from '../app/destination-limits.ts';
import type { Workspace } from '../app/workspace.ts';
import { asIngestError, type IngestError } from '../core/errors.ts';
import type { BatchPlan } from '../core/model.ts';
import { type Pause, pauseOf } from '../ledger/pauses.ts';
import type { Run } from '../ledger/runs.ts';
import { findByHand } from '../nightly/find-by-hand.ts';
import { lookAtShare } from '../nightly/look-at-share.ts';
import { type Mails, mailsFor } from '../nightly/mails.ts';
import { addNames } from '../nightly/name-list.ts';
import type { NightlyParts } from '../nightly/parts.ts';
import { planShare } from '../nightly/plan-share.ts';
import { findMoves } from '../nightly/recognise-moves.ts';
import { resolveOwners } from '../nightly/resolve-owners.ts';
import { judgeAll } from '../nightly/run-report.ts';
import { type ShareSuspicion, suspicionLine } from '../nightly/share-line.ts';
import { addVerdict, newTally, type Tally } from '../nightly/tally.ts';
import { filesToTry, tryFiles } from '../nightly/try-files.ts';
import { expectedMs, type Load, pastRate } from './past-rate.ts';
import { type PreviewedByHand, previewByHand } from './preview-by-hand.ts';

/** How a share was looked at for the preview. */
type PreviewedShare = {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  readonly problem: IngestError | undefined;
  /** Why the evening would not believe what it sees. */
  readonly suspicion: ShareSuspicion | undefined;
};

/** A batch the evening would make. `pause` keeps it back, if any. */
export type PreviewedBatch = {
  readonly plan: BatchPlan;
  readonly lane: string;
  readonly pause: Pause | undefined;
};

/** One evening as it would go if nothing changed from now on. */
export type Preview = {
  readonly now: number;
  readonly shares: readonly PreviewedShare[];
  readonly batches: readonly PreviewedBatch[];
  /** Batches of earlier evenings that are still to go. */
  readonly earlier: { readonly batches: number; readonly files: number; readonly bytes: number };
  /** What does not go, and what has gone. */
  readonly tally: Tally;
  readonly mails: readonly Mails[];
  /** What does not go because it was found uploaded by hand, and what was found in part, or is not there any more. */
  readonly byHand: readonly PreviewedByHand[];
  /** Undefined: nothing was delivered yet, so nobody knows. */
  readonly expectedMs: number | undefined;
};

/**
 * The real look and the real planner on a copy of the ledger in memory: `workspace` must be read-only. Files that
 * would settle while the evening waits for them count as settled.
 */
export async function previewEvening(
  workspace: Workspace,
  emit: NightlyParts['emit'],
  signal: AbortSignal,
): Promise<Preview> {
  const { config, ledger, clock } = workspace;
  const now = clock.now();
  const run = ledger.runs.start(now, undefined);
  const shares: PreviewedShare[] = [];
  const batches: PreviewedBatch[] = [];
  const tally = newTally();
  const byHand = previewByHand(workspace);
  for (const share of config.shares) {
    const looked = await lookOnce(workspace, share, { run, emit, signal });
    shares.push(looked);
    if (looked.problem !== undefined) continue;
    ledger.looks.assumeQuiet(share.name, run.no, now + config.settleWaitMs);
    findMoves(judging(workspace), share.name, run);
    await resolveOwners(workspace, share.name, run, signal);
    const paths = filesToTry(judging(workspace), share.name, run);
    if (paths.length > 0)
      await tryFiles({ ...judging(workspace), stallMs: share.stallMs }, share, paths, signal);
    await findByHand({ ...judging(workspace), emit, accounts: workspace.accounts }, share.name, run, signal);
    batches.push(...batchesOf(workspace, share.name, run));
    for (const verdict of judgeAll(judging(workspace), share.name, run))
      if (verdict.bucket === 'ready') addNames(tally.names, verdict);
      else {
        addVerdict(tally, verdict);
        byHand.see(verdict);
      }
  }
  const earlier = countEarlier(workspace);
  const going = batches.filter(({ pause }) => pause === undefined).map(({ plan }) => plan);
  const mails = mailsFor(going, (name) => mailsOwners(config, name));
  const found = byHand.lines(run.no);
  return {
    now,
    shares,
    batches,
    mails,
    earlier,
    tally,
    byHand: found,
    expectedMs: expected(workspace, batches),
  };
}

type Looking = {
  readonly run: Run;
  readonly emit: NightlyParts['emit'];
  readonly signal: AbortSignal;
};

async function lookOnce(
  workspace: Workspace,
  share: Workspace['config']['shares'][number],
  { run, emit, signal }: Looking,
): Promise<PreviewedShare> {
  const { ledger, clock, assign } = workspace;
  const mappingKey = (): string => workspace.mapping.current().key;
  const wantsIds = (): boolean => workspace.mapping.current().wantsIds;
  const { name, stallMs } = share;
  emit({ name: 'share.looking', share: name, again: false });
  try {
    ledger.looks.tryAgain(name);
    const seen = await lookAtShare({ ledger, clock, stallMs, emit, assign, mappingKey, wantsIds }, share, {
      ...{ runNo: run.no, signal },
    });
    const found = ledger.scans.suspicionOf(name);
    const suspicion = found === undefined ? undefined : suspicionLine(name, found);
    return { name, ...seen, problem: undefined, suspicion };
  } catch (thrown) {
    signal.throwIfAborted();
    const problem = asIngestError(thrown, `look at share ${name}`);
    return { name, files: 0, bytes: 0, problem, suspicion: undefined };
  }
}

const judging = ({ ledger, assign, limitsOf, clock }: Workspace) => ({
  ...{ ledger, assign, limitsOf, clock },
});

function* batchesOf(workspace: Workspace, share: BatchPlan['share'], run: Run): Generator<PreviewedBatch> {
  const now = workspace.clock.now();
  const pauses = workspace.ledger.pauses.inForce(now);
  for (const plan of planShare(judging(workspace), share, run)) {
    const lane = workspace.laneOf(plan, now);
    yield { plan, lane, pause: pauseOf(pauses, { ...plan, lane }) };
  }
}

function countEarlier({ ledger }: Workspace): Preview['earlier'] {
  const open = ledger.counts().filter(({ state }) => OPEN.includes(state));
  return {
    batches: open.reduce((sum, { batches }) => sum + batches, 0),
    files: open.reduce((sum, { files }) => sum + files, 0),
    bytes: open.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

const OPEN: readonly string[] = ['planned', 'queued', 'delivering'];

/** Destinations work side by side: the slowest one says how long it takes. */
function expected(
  { config, ledger, clock }: Workspace,
  batches: readonly PreviewedBatch[],
): number | undefined {
  const going = batches.filter(({ pause }) => pause === undefined);
  let longest = 0;
  for (const [destination, there] of Map.groupBy(going, ({ plan }) => plan.destination)) {
    const past = pastRate(ledger, destination, clock.now());
    if (past === undefined) return undefined;
    const load = loadOf(there);
    longest = Math.max(longest, expectedMs(load, past, parallelAt(config, destination)));
  }
  return longest;
}

function loadOf(batches: readonly PreviewedBatch[]): Load {
  return {
    batches: batches.length,
    bytes: batches.reduce((sum, { plan }) => sum + plan.bytes, 0),
    lanes: new Set(batches.map(({ lane }) => lane)).size,
  };
}
