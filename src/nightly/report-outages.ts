import type { DestinationName } from '../core/ids.ts';
import type { Waited } from '../ledger/outages.ts';
import { type Pause, pauseOf } from '../ledger/pauses.ts';
import type { Run } from '../ledger/runs.ts';
import type { NightlyParts } from './parts.ts';

/** A destination that was away during a run. Times in ms since 1970. */
export type OutageLine = {
  readonly destination: string;
  readonly code: string;
  readonly reason: string;
  readonly since: number;
  /** Left out while it goes on. */
  readonly until?: number;
  /** How often it was asked whether it is back. */
  readonly probes: number;
  /** The most that waited for it. */
  readonly waited: Waited;
  /** What of that destination is still on its way at the end of the run, and waits for nothing else. */
  readonly waiting: Waited;
};

export function outagesIn(
  { ledger, clock }: Pick<NightlyParts, 'ledger' | 'clock'>,
  { since }: Pick<Run, 'since'>,
): readonly OutageLine[] {
  const found = ledger.outages.from(since);
  const pauses = found.length === 0 ? [] : ledger.pauses.inForce(clock.now()).filter(isNoOutage);
  return found.map(({ destination, code, reason, until, probes, waited, ...outage }) => ({
    ...{ destination, code, reason, since: outage.since },
    ...(until === undefined ? {} : { until }),
    ...{ probes, waited, waiting: waitingAt(ledger, destination, pauses) },
  }));
}

/** A pause for an outage has probes. */
const isNoOutage = ({ probes }: Pause): boolean => probes === undefined;

/** What waits behind a refused token or a hold of a person would wait without an outage too. */
function waitingAt(
  ledger: NightlyParts['ledger'],
  destination: DestinationName,
  pauses: readonly Pause[],
): Waited {
  const waiting = { batches: 0, files: 0, bytes: 0 };
  for (const head of ledger.list({ states: ['planned', 'queued', 'delivering'], destination })) {
    if (pauseOf(pauses, head) !== undefined) continue;
    waiting.batches += 1;
    waiting.files += head.files;
    waiting.bytes += head.bytes;
  }
  return waiting;
}
