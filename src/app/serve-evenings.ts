import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { asIngestError, IngestError } from '../core/errors.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Log } from '../log/open-log.ts';
import {
  isWithinWindow,
  missedEvening,
  nextEvening,
  type Schedule,
  windowEnd,
} from '../schedule/evenings.ts';
import type { Engine } from './engine.ts';
import { tellPassing } from './tell-passing.ts';
import { STEP_MS, waitUntil } from './wait-until.ts';

type ServeParts = {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly window: DeliveryWindow;
  /** Listens to the shares until the signal. */
  readonly watch: (signal: AbortSignal) => Promise<void>;
};

/** How often the ledger is asked whether another process has changed it. */
const NOTICE_MS = 1000;
/** How often a pause is asked whether its cause is gone. */
const PROBE_MS = 15 * 60_000;

/** When deliveries may begin: within the evening window, and for as long as an evening runs. */
export type DeliveryWindow = { readonly isOpen: () => boolean; isRunning: boolean };

export function deliveryWindow(schedule: Schedule, clock: Clock): DeliveryWindow {
  const window: DeliveryWindow = {
    isRunning: false,
    isOpen: () => window.isRunning || isWithinWindow(schedule, clock.now()),
  };
  return window;
}

/** Runs evenings until the signal: first the one that was missed or broken off, if any, then each when it is due. */
export async function serveEvenings(parts: ServeParts): Promise<void> {
  await Promise.all([noticeChanges(parts), probePauses(parts), runEvenings(parts)]);
}

async function runEvenings(parts: ServeParts): Promise<void> {
  const { config, clock, log, signal } = parts;
  let due = owedEvening(config.schedule, parts.ledger.runs, clock.now());
  if (due !== undefined) log.warn({ due: new Date(due).toISOString() }, 'evening.missed');
  while (!signal.aborted) {
    due ??= await watchUntil(parts, nextDue(parts));
    if (due === undefined) break;
    await runOne(parts, due);
    due = missedEvening(config.schedule, clock.now(), due);
    if (due !== undefined) log.warn({ due: new Date(due).toISOString() }, 'evening.missed');
  }
}

/** The newest evening until `now` that did not happen, or was broken off before its window ended. */
export function owedEvening(
  schedule: Schedule,
  runs: Pick<Ledger['runs'], 'lastEvening'>,
  now: number,
): number | undefined {
  const last = runs.lastEvening(now);
  if (last?.dueAt === undefined) return undefined;
  const missed = missedEvening(schedule, now, last.dueAt);
  const end = windowEnd(schedule, last.dueAt) ?? Number.POSITIVE_INFINITY;
  const isWhole = last.finishedAt !== undefined && (last.outcome !== 'cut' || last.finishedAt >= end);
  return missed ?? (isWhole ? undefined : last.dueAt);
}

/** Between evenings the shares are listened to; an evening looks at everything itself. */
async function watchUntil<T>({ watch, signal }: ServeParts, end: Promise<T>): Promise<T> {
  const over = new AbortController();
  const watching = watch(AbortSignal.any([signal, over.signal]));
  // It never fails, and if it does that is thrown at the end, not before somebody listens.
  watching.catch(() => undefined);
  try {
    return await end;
  } finally {
    over.abort();
    await watching;
  }
}

/** Waits for the next evening in short steps, asking the clock anew each time: it may be set, or the machine sleep. */
async function nextDue({
  config: { schedule },
  clock,
  log,
  signal,
}: ServeParts): Promise<number | undefined> {
  let told = 0;
  while (!signal.aborted) {
    const from = clock.now();
    const due = nextEvening(schedule, from);
    if (due !== told) log.info({ due: new Date(due).toISOString() }, 'evening.next');
    told = due;
    await clock.sleep(Math.min(due - from, STEP_MS), signal).catch(() => undefined);
    if (clock.now() >= due && !signal.aborted) return due;
  }
  return undefined;
}

/** One evening; a failure of it is told and does not end the daemon. */
async function runOne(
  { config, engine, clock, log, signal, window }: ServeParts,
  due: number,
): Promise<void> {
  const end = windowEnd(config.schedule, Math.max(due, clock.now()));
  const over = new AbortController();
  const cut = end === undefined ? Promise.resolve() : cutAt(end, clock, over);
  window.isRunning = true;
  try {
    await engine.runEvening(due, AbortSignal.any([signal, over.signal]));
  } catch (thrown) {
    log.error({ error: asIngestError(thrown, 'run the evening') }, 'evening.failed');
  } finally {
    window.isRunning = false;
    over.abort(new IngestError('INTERRUPTED', 'the evening is over', { hint: 'Nothing to do.' }));
    await cut;
  }
}

async function cutAt(end: number, clock: Clock, over: AbortController): Promise<void> {
  if (!(await waitUntil(end, clock, over.signal))) return;
  over.abort(
    new IngestError('INTERRUPTED', 'the evening window has ended', {
      hint: 'Nothing is lost: what is left goes on in the next run.',
    }),
  );
}

/**
 * The command line changes the ledger directly: `requeue`, `hold` and `resume` are acted on within a second. A ledger that
 * cannot be read is looked at again; one that is damaged ends the process by the signal.
 */
async function noticeChanges({ ledger, engine, clock, log, signal }: ServeParts): Promise<void> {
  let version: number | undefined;
  const look = tellPassing({
    attempted: 'look whether the ledger was changed',
    begun: (error) => log.warn({ error }, 'ledger.away'),
    over: () => log.info('ledger.back'),
  });
  while (!signal.aborted) {
    look(() => {
      const now = ledger.version();
      if (now !== version) engine.wake();
      version = now;
    });
    await clock.sleep(NOTICE_MS, signal).catch(() => undefined);
  }
}

/** A pause that an error made is over when its cause is gone: asked again and again, not only in the evening. */
async function probePauses({ engine, clock, log, signal }: ServeParts): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(PROBE_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      await engine.liftCured(signal);
    } catch (thrown) {
      log.warn({ error: asIngestError(thrown, 'look whether pauses are over') }, 'pause.probe-failed');
    }
  }
}
