import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { asIngestError, IngestError } from '../core/errors.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Log } from '../log/open-log.ts';
import { missedEvening, nextEvening, windowEnd } from '../schedule/evenings.ts';
import type { Engine } from './engine.ts';

type ServeParts = {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** How often the ledger is asked whether another process has changed it. */
const NOTICE_MS = 1000;
/** How often a pause is asked whether its cause is gone. */
const PROBE_MS = 15 * 60_000;

/** Runs evenings until the signal: first the one that was missed, if any, then each when it is due. */
export async function serveEvenings(parts: ServeParts): Promise<void> {
  const { config, ledger, clock, log, signal } = parts;
  const noticing = Promise.all([noticeChanges(parts), probePauses(parts)]);
  let due = missedEvening(config.schedule, clock.now(), ledger.runs.lastDueAt());
  if (due !== undefined) log.warn({ due: new Date(due).toISOString() }, 'evening.missed');
  while (!signal.aborted) {
    if (due === undefined) {
      due = nextEvening(config.schedule, clock.now());
      log.info({ due: new Date(due).toISOString() }, 'evening.next');
      if (!(await waitUntil(due, clock, signal))) break;
    }
    await runOne(parts, due);
    due = undefined;
  }
  await noticing;
}

/** One evening; a failure of it is told and does not end the daemon. */
async function runOne({ config, engine, clock, log, signal }: ServeParts, due: number): Promise<void> {
  const end = windowEnd(config.schedule, Math.max(due, clock.now()));
  const over = new AbortController();
  const cut = end === undefined ? Promise.resolve() : cutAt(end, clock, over);
  try {
    await engine.runEvening(due, AbortSignal.any([signal, over.signal]));
  } catch (thrown) {
    log.error({ error: asIngestError(thrown, 'run the evening') }, 'evening.failed');
  } finally {
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

/** Long sleeps in short steps, so that a clock that jumps or a machine that slept is noticed. False when stopped. */
async function waitUntil(instant: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    const left = instant - clock.now();
    if (left <= 0) return true;
    await clock.sleep(Math.min(left, 30_000), signal).catch(() => undefined);
  }
  return false;
}

/** The command line changes the ledger directly: `requeue`, `hold` and `resume` are acted on within a second. */
async function noticeChanges({ ledger, engine, clock, signal }: ServeParts): Promise<void> {
  let version = ledger.version();
  while (!signal.aborted) {
    await clock.sleep(NOTICE_MS, signal).catch(() => undefined);
    const now = ledger.version();
    if (now !== version) engine.wake();
    version = now;
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
