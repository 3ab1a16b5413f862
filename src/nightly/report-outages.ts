import type { Ledger } from '../ledger/open-ledger.ts';
import type { Waited } from '../ledger/outages.ts';
import type { Run } from '../ledger/runs.ts';

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
  /** What of that destination is still on its way at the end of the run. */
  readonly waiting: Waited;
};

export function outagesIn(
  { outages }: Pick<Ledger, 'outages'>,
  { since }: Pick<Run, 'since'>,
): readonly OutageLine[] {
  return outages.from(since).map(({ destination, code, reason, until, probes, waited, ...outage }) => ({
    ...{ destination, code, reason, since: outage.since },
    ...(until === undefined ? {} : { until }),
    ...{ probes, waited, waiting: outages.waiting(destination) },
  }));
}
