import type { ShareName } from '../core/ids.ts';
import type { Run } from '../ledger/runs.ts';
import type { ScanProblem, Suspicion } from '../ledger/scans.ts';
import { acceptHelp, underSuspicion } from './by-suspicion.ts';
import type { NightlyParts } from './parts.ts';
import type { ShareOutcome } from './run-report.ts';
import type { Amount } from './tally.ts';

/** What a report says of a share. Times in ms since 1970. */
export type ShareLine = {
  readonly name: string;
  readonly looked: boolean;
  /** Why it could not be looked at. */
  readonly problem?: ScanProblem;
  /** Since when that is so. */
  readonly offlineSince?: number;
  /** Why its walk is not believed: nothing new of it was planned. */
  readonly suspicion?: ShareSuspicion;
  /** What earlier looks saw and this run could not reach: neither seen nor gone, and in no bucket. */
  readonly unknown?: Amount;
};

export type ShareSuspicion = {
  readonly kind: Suspicion['kind'];
  readonly since: number;
  readonly reason: string;
  readonly help: string;
};

/** The state of a share at the end of a run. */
export function shareLine(
  { ledger }: Pick<NightlyParts, 'ledger'>,
  run: Pick<Run, 'no'>,
  name: ShareName,
  outcome: ShareOutcome | undefined,
): ShareLine {
  const { scans, looks } = ledger;
  const suspicion = scans.suspicionOf(name);
  const offline = scans.offline(name);
  const looked = outcome?.looked ?? false;
  const unknown = looked
    ? looks.amountOutOfReach(name, run.no)
    : looks.amountKnown(name, scans.newestTrusted(name));
  const problem = outcome?.error;
  return {
    ...{ name, looked },
    ...(problem === undefined ? {} : { problem: problemOf(problem) }),
    ...(problem === undefined || offline === undefined ? {} : { offlineSince: offline.since }),
    ...(suspicion === undefined ? {} : { suspicion: suspicionLine(name, suspicion) }),
    ...(unknown.files === 0 ? {} : { unknown }),
  };
}

/** What a person is told of an error. */
export const problemOf = ({ code, message, hint }: ScanProblem): ScanProblem => ({ code, message, hint });

export function suspicionLine(share: string, suspicion: Suspicion): ShareSuspicion {
  const { kind, since } = suspicion;
  return { kind, since, reason: underSuspicion(share, suspicion), help: acceptHelp(share) };
}
