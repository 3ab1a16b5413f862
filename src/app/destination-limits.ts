import type { Config, DestinationConfig } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import type { DestinationName } from '../core/ids.ts';
import type { HttpClient } from '../http/http-client.ts';
import { withLimits } from '../http/with-limits.ts';
import { timetable } from '../schedule/timetable.ts';

/** Deliveries that a destination may have at the same time. */
export function parallelAt(
  { destinations, deliveries }: Pick<Config, 'destinations' | 'deliveries'>,
  name: DestinationName,
): number {
  return destinations.find((one) => one.name === name)?.maxParallel ?? deliveries.concurrency;
}

/** Whether a destination may mail the owner after each batch: NOMAD does where its operator has mail switched on. */
export function mailsOwners({ destinations }: Pick<Config, 'destinations'>, name: string): boolean {
  return destinations.some((one) => one.name === name && one.kind === 'nomad');
}

/** Whether a batch of the destination holds several datasets of an owner. */
export function joinsDatasets(
  { destinations }: Pick<Config, 'destinations'>,
  name: DestinationName,
): boolean {
  const block = destinations.find((one) => one.name === name);
  return block?.kind === 'nomad' && block.join === 'owner';
}

/** The client that a platform is spoken to with: no more, and no faster, than its block says. */
export function limitedClient(
  options: Extract<DestinationConfig, { kind: 'nomad' }>,
  timezone: string,
  { http, clock }: { readonly http: HttpClient; readonly clock: Clock },
): HttpClient {
  const lines = (options.bandwidth ?? []).map(({ from, to, limit }) => ({
    ...(from === undefined || to === undefined ? {} : { from, to }),
    value: limit,
  }));
  const limitAt = timetable(lines, timezone);
  return withLimits(http, clock, {
    requestsPerMinute: options.requestsPerMinute,
    bytesPerSecond: () => limitAt(clock.now()),
  });
}
