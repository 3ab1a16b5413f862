import { asIngestError, type IngestError } from '../core/errors.ts';
import type { ShareName } from '../core/ids.ts';
import type { SharePath } from '../core/share-path.ts';
import type { Run } from '../ledger/runs.ts';
import { isOurs } from './is-ours.ts';
import { lookAtShare } from './look-at-share.ts';
import type { NightlyParts } from './parts.ts';
import { planAll } from './plan-all.ts';
import { type CompareBudget, recogniseDelivered } from './recognise-delivered.ts';
import { endForces, rememberWaiting } from './remember-waiting.ts';
import { makeReport, type RunReport, type ShareOutcome } from './run-report.ts';
import { waitForCandidates } from './wait-for-candidates.ts';

/**
 * The first line: share → queue, and at the end the report. Steps as in docs/architecture.md. Every batch is in the
 * ledger before it is in the queue; a run that is stopped or killed is gone on with by the next one.
 */
export async function runNightly(
  parts: NightlyParts,
  dueAt: number | undefined,
  signal: AbortSignal,
): Promise<RunReport> {
  const { ledger, clock, emit } = parts;
  const run = ledger.runs.start(clock.now(), dueAt);
  emit({ name: 'run.started', run });
  const outcomes = new Map<ShareName, ShareOutcome>();
  let stopped: IngestError | undefined;
  try {
    for (const share of parts.shares) ledger.looks.tryAgain(share.name);
    await parts.lookAgain?.(signal); // what earlier evenings left without proof
    await lookAtAll(parts, run, { outcomes, signal }); // 1 prove, 2 scan, 3 settle: the first look
    const budget = { leftMs: parts.compareMs };
    await planNew(parts, run, looked(outcomes), { budget, signal }); // 4–6 for what had settled before
    const candidates = await waitForCandidates(parts, run, looked(outcomes), signal);
    await lookAtAll(parts, run, { outcomes, signal, candidates }); // 1–3 again: the second look
    await planNew(parts, run, looked(outcomes), { budget, signal }); // 4–6 for what has settled by now
    emit({ name: 'run.delivering' });
    await parts.delivered(signal); // 7–11 are the deliveries
    // What waited for an earlier version of itself, or for its own delivery from another place, is known by now.
    if ((await planNew(parts, run, looked(outcomes), { budget, signal })) > 0) await parts.delivered(signal);
    await parts.audit?.(signal); // whether old deliveries are still there, once a week
  } catch (thrown) {
    ledger.damaged.throwIfAborted();
    if (!signal.aborted) throw thrown;
    stopped = asIngestError(signal.reason, 'run the evening');
    await parts.drained?.();
  }
  if (stopped === undefined) rememberWaiting(parts, run, looked(outcomes));
  const report = makeReport(parts, run, { outcomes, stopped }); // 12
  if (stopped === undefined) endForces(parts, run, looked(outcomes));
  ledger.runs.finish(run.no, report.finishedAt, report.outcome, JSON.stringify(report));
  emit({ name: 'run.finished', report });
  return report;
}

/** 4 own, 4b what was uploaded by hand, 5 plan, 6 record and enqueue; what was moved is not new. Answers how many batches. */
async function planNew(
  parts: NightlyParts,
  run: Run,
  shares: readonly ShareName[],
  limits: { readonly budget: CompareBudget; readonly signal: AbortSignal },
): Promise<number> {
  await recogniseDelivered(parts, run, shares, limits);
  return await planAll(parts, run, shares, limits.signal);
}

type Looking = {
  readonly outcomes: Map<ShareName, ShareOutcome>;
  readonly signal: AbortSignal;
  /** Only these directories, by share; undefined = everything. */
  readonly candidates?: ReadonlyMap<ShareName, readonly SharePath[]>;
};

/** One share after the other; one that fails is named and the others go on. */
async function lookAtAll(
  parts: NightlyParts,
  run: Run,
  { outcomes, signal, candidates }: Looking,
): Promise<void> {
  for (const share of parts.shares) {
    const dirs = candidates?.get(share.name);
    if (candidates !== undefined && (dirs === undefined || outcomes.get(share.name)?.error !== undefined))
      continue;
    parts.emit({ name: 'share.looking', share: share.name, again: dirs !== undefined });
    try {
      const totals = await lookAtShare(parts, share, {
        runNo: run.no,
        signal,
        ...(dirs === undefined ? {} : { dirs }),
      });
      outcomes.set(share.name, { looked: true });
      parts.emit({ name: 'share.looked', share: share.name, again: dirs !== undefined, ...totals });
    } catch (thrown) {
      signal.throwIfAborted();
      const error = asIngestError(thrown, `look at share ${share.name}`);
      if (isOurs(error)) throw error;
      outcomes.set(share.name, { looked: false, error });
      parts.ledger.scans.fail(share.name, run.no, parts.clock.now(), error);
      parts.emit({ name: 'share.failed', share: share.name, error });
    }
  }
}

const looked = (outcomes: ReadonlyMap<ShareName, ShareOutcome>): ShareName[] =>
  [...outcomes].filter(([, outcome]) => outcome.looked).map(([name]) => name);
