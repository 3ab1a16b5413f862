import type { Clock } from '../core/clock.ts';
import { asIngestError, IngestError, systemCode } from '../core/errors.ts';

/** The same trouble is told once in this time: an outage is one line and not a thousand. */
const QUIET_MS = 30_000;

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
  const told = new Map<string, number>();
  return (thrown) => {
    const error = asTrouble(thrown);
    const now = clock.monotonic();
    if (now - (told.get(error.code) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    told.set(error.code, now);
    tell(error);
  };
}

function asTrouble(thrown: unknown): IngestError {
  if (!(thrown instanceof IngestError) && AWAY.includes(systemCode(thrown) ?? ''))
    return new IngestError('QUEUE_UNAVAILABLE', `Redis does not answer (${systemCode(thrown)})`, {
      hint: 'Nightjar tries again by itself; deliveries go on when Redis is back.',
      cause: thrown,
    });
  return asIngestError(thrown, 'run deliveries');
}
