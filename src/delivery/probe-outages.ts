import { asIngestError, type ErrorCode, type IngestError } from '../core/errors.ts';
import type { OwnerId } from '../core/ids.ts';
import type { Outage } from '../ledger/outages.ts';
import { type BreakerParts, probeWaitMs } from './breaker.ts';
import { outageSign } from './outage-sign.ts';

export type ProbeParts = BreakerParts & {
  /** Owners with batches that wait for the destination: their credentials do where the first one's is gone. */
  readonly ownersWaiting: (destination: Outage['destination']) => Iterable<OwnerId>;
  /** A destination answers well again: deliveries may begin. */
  readonly onWell: () => void;
};

/** Asks every destination that is away and due whether it is back. Changes nothing there, and adds nothing to the ledger. */
export async function probeOutages(parts: ProbeParts, signal: AbortSignal): Promise<void> {
  await Promise.all(parts.outages.goingOn().map(async (outage) => await probe(parts, outage, signal)));
}

async function probe(parts: ProbeParts, outage: Outage, signal: AbortSignal): Promise<void> {
  const { outages, clock, emit } = parts;
  const { destination, probes } = outage;
  if (outage.wellAt !== undefined) {
    endWithoutWork(parts, outage);
    return;
  }
  if (clock.now() < outage.probeAt) return;
  const error = await ask(parts, outage, signal);
  if (signal.aborted) return;
  if (error === undefined) {
    outages.well(destination, clock.now());
    parts.onWell();
    return;
  }
  const wait = Math.max(probeWaitMs(probes + 1, parts.probe, parts.random), error.retryAfterMs ?? 0);
  outages.probed(destination, { code: error.code, reason: error.message, probeAt: clock.now() + wait });
  emit({ name: 'destination.probed', outage: { ...outage, probes: probes + 1 }, error });
}

/** Where nothing waits any more, no delivery can show that it is over: the good answer is enough. */
function endWithoutWork({ outages, clock, emit }: ProbeParts, { destination }: Outage): void {
  if (outages.waiting(destination).batches > 0) return;
  const over = outages.end(destination, clock.now());
  if (over !== undefined) emit({ name: 'destination.back', outage: over });
}

const NOBODY_ASKED: readonly ErrorCode[] = ['TOKEN_MISSING', 'TOKEN_UNSAFE', 'ACCOUNT_SHARED'];

/** Undefined when the destination answers; a refusal of the credential is an answer too. */
async function ask(
  { check, ownersWaiting }: ProbeParts,
  { destination, owner }: Outage,
  signal: AbortSignal,
): Promise<IngestError | undefined> {
  for (const asking of new Set([owner, ...ownersWaiting(destination)])) {
    try {
      await check({ owner: asking, destination }, signal);
      return undefined;
    } catch (thrown) {
      const error = asIngestError(thrown, `ask destination ${destination} whether it is back`);
      if (outageSign(error) !== 'none') return error;
      // Without a credential nobody was asked: another owner's may do.
      if (!NOBODY_ASKED.includes(error.code)) return undefined;
    }
  }
  return undefined;
}
