import type { Clock } from '../core/clock.ts';
import { asIngestError, type IngestError } from '../core/errors.ts';
import type { BatchId, DestinationName, OwnerId } from '../core/ids.ts';
import type { Batch } from '../core/model.ts';
import type { Outages } from '../ledger/outages.ts';
import type { DeliveryEvent } from './delivery-event.ts';
import { outageSign } from './outage-sign.ts';

/** Waits between two questions to a destination that is away double from `firstMs` to `maxMs`, with jitter. */
export type ProbePolicy = { readonly firstMs: number; readonly maxMs: number };

/** Asks a destination with an owner's credential whether it is well, without a trace there; throws when it is not. */
export type CheckDestination = (
  of: Pick<Batch, 'owner' | 'destination'>,
  signal: AbortSignal,
) => Promise<unknown>;

export type BreakerParts = {
  readonly outages: Outages;
  readonly clock: Clock;
  readonly check: CheckDestination;
  readonly probe: ProbePolicy;
  readonly random: () => number;
  readonly emit: (event: DeliveryEvent) => void;
};

/** One for all destinations of a process: turns the failures of many batches into one outage. */
export type Breaker = {
  /** True when the attempt met an outage of its destination: then it does not count against the batch. */
  readonly met: (batch: Batch, error: IngestError, signal: AbortSignal) => Promise<boolean>;
  /** A batch has arrived: the destination is back if it was away. */
  readonly delivered: (batch: Batch) => void;
};

/** So many different batches in a row mean the destination, though it answers when it is asked how it is. */
const SEVERAL = 3;

type Memory = {
  /** The batches that failed at a destination since the last that arrived there. */
  readonly failing: Map<DestinationName, Map<BatchId, OwnerId>>;
  /** Batches that have met an outage and have not arrived since. */
  readonly before: Set<BatchId>;
};

/**
 * A destination that asks for quiet, that does not answer when it is asked how it is, or that fails several batches in a
 * row (of several owners, where several have some: one owner's trouble never stops the others), is away: that is recorded
 * once and stops all its batches until a probe finds it well (see probe-outages.ts).
 */
export function createBreaker(parts: BreakerParts): Breaker {
  const memory: Memory = { failing: new Map(), before: new Set() };
  const { outages, clock, emit } = parts;
  return {
    met: (batch, error, signal) => met(parts, memory, { batch, error, signal }),
    delivered: ({ id, destination }) => {
      memory.failing.delete(destination);
      memory.before.delete(id);
      const over = outages.end(destination, clock.now());
      if (over !== undefined) emit({ name: 'destination.back', outage: over });
    },
  };
}

type Failure = { readonly batch: Batch; readonly error: IngestError; readonly signal: AbortSignal };

async function met(parts: BreakerParts, memory: Memory, { batch, error, signal }: Failure): Promise<boolean> {
  const sign = outageSign(error);
  if (sign === 'none') return false;
  const { destination } = batch;
  const failing = memory.failing.get(destination) ?? new Map<BatchId, OwnerId>();
  memory.failing.set(destination, failing.set(batch.id, batch.owner));
  const isKnown = (): boolean => {
    const known = parts.outages.of(destination);
    return known !== undefined && known.wellAt === undefined;
  };
  const cause = sign === 'told' || isKnown() ? error : await illness(parts, batch, signal);
  if (signal.aborted) return false;
  if (cause === undefined && !areSeveral(failing, batch, parts)) return false;
  // Nothing is sent while it is away: one that meets it again failed after a good answer, and may itself be the cause.
  const counts = memory.before.has(batch.id) && (sign === 'suspect' || (failing.size === 1 && !isKnown()));
  memory.before.add(batch.id);
  begin(parts, batch, cause ?? error, error);
  return !counts;
}

function areSeveral(
  failing: ReadonlyMap<BatchId, OwnerId>,
  { destination, owner }: Batch,
  { outages }: BreakerParts,
): boolean {
  if (failing.size < SEVERAL) return false;
  return new Set(failing.values()).size > 1 || !outages.othersWait(destination, owner);
}

/** What keeps the destination from answering well; undefined when it answers, be it with a refusal. */
async function illness(
  { check }: BreakerParts,
  batch: Batch,
  signal: AbortSignal,
): Promise<IngestError | undefined> {
  try {
    await check(batch, signal);
    return undefined;
  } catch (thrown) {
    const error = asIngestError(thrown, `ask destination ${batch.destination} how it is`);
    return outageSign(error) === 'none' ? undefined : error;
  }
}

function begin(
  { outages, clock, probe, random, emit }: BreakerParts,
  { owner, destination }: Batch,
  cause: IngestError,
  error: IngestError,
): void {
  const at = clock.now();
  const probes = outages.of(destination)?.probes ?? 0;
  const probeAt =
    at + Math.max(probeWaitMs(probes, probe, random), cause.retryAfterMs ?? 0, error.retryAfterMs ?? 0);
  const { code, message: reason } = cause;
  if (outages.begin(destination, { owner, code, reason, at, probeAt }) !== 'begun') return;
  emit({
    name: 'destination.away',
    destination,
    error: cause,
    probeAt,
    waiting: outages.waiting(destination),
  });
}

/** Between half and the whole of a doubling step, so that several daemons do not ask in step. */
export function probeWaitMs(probes: number, { firstMs, maxMs }: ProbePolicy, random: () => number): number {
  const step = Math.min(maxMs, firstMs * 2 ** Math.min(probes, 30));
  return Math.round(step * (0.5 + random() / 2));
}
