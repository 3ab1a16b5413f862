import type { Clock } from '../core/clock.ts';
import { asIngestError, IngestError, systemCode } from '../core/errors.ts';
import { cureOf, isRefusal } from '../queue/redis-refusal.ts';

/** The same trouble is told once in this time. */
const QUIET_MS = 30_000;
/** The queue is asked again twice a minute: no word for this long, and the next is another outage. */
const OUTAGE_OVER_MS = 2 * 60_000;
/** An outage of the queue is told again after this: one line and not a thousand. */
const REMIND_MS = 3_600_000;

const AWAY: readonly string[] = [
  'ENOENT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
];

/** Tells of what goes wrong around deliveries; Redis being away is a trouble of the queue, not a defect. */
export function createTrouble(clock: Clock, tell: (error: IngestError) => void): (thrown: unknown) => void {
  const known = new Map<string, { readonly told: number; readonly seen: number }>();
  return (thrown) => {
    const error = asTrouble(thrown);
    const now = clock.monotonic();
    const last = known.get(error.code);
    const isNews = last === undefined || !isQuiet(error, { now, ...last });
    known.set(error.code, { told: isNews ? now : last.told, seen: now });
    if (isNews) tell(error);
  };
}

function isQuiet(
  { code }: IngestError,
  { now, told, seen }: { readonly now: number; readonly told: number; readonly seen: number },
): boolean {
  if (code !== 'QUEUE_UNAVAILABLE') return now - told < QUIET_MS;
  return now - seen < OUTAGE_OVER_MS && now - told < REMIND_MS;
}

function asTrouble(thrown: unknown): IngestError {
  if (!(thrown instanceof IngestError) && AWAY.includes(systemCode(thrown) ?? ''))
    return new IngestError('QUEUE_UNAVAILABLE', `Redis does not answer (${systemCode(thrown)})`, {
      hint: 'Nightjar tries again by itself; deliveries go on when Redis is back.',
      cause: thrown,
    });
  if (thrown instanceof Error && !(thrown instanceof IngestError) && isRefusal(thrown))
    return new IngestError('QUEUE_UNAVAILABLE', `run deliveries: ${thrown.message}`, {
      hint: cureOf(thrown.message),
      cause: thrown,
    });
  return asIngestError(thrown, 'run deliveries');
}
