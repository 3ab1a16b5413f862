import type { ShareName } from '../core/ids.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Run } from '../ledger/runs.ts';
import type { Offline } from '../ledger/scans.ts';
import { type ShareSuspicion, suspicionLine } from '../nightly/share-line.ts';

type Asked = Pick<Ledger, 'runs' | 'scans'>;

/** Runs that are gone through for the one that looked last: far more than fail in a row. */
const RUNS_TRIED = 10_000;

/** The run of the newest walk of the share that came to its end and is believed; undefined when none did. */
export function lastLook({ runs, scans }: Asked, share: ShareName): Run | undefined {
  const no = scans.lastLooked(share);
  return no === 0 ? undefined : runs.latest(RUNS_TRIED).find((run) => run.no === no);
}

/** When a share was last looked at (ms since 1970; undefined: never), and what is wrong with it since then. */
export type LookedAt = {
  readonly share: string;
  readonly at: number | undefined;
  /** The newest try to look at it failed. */
  readonly offline: Offline | undefined;
  /** Its newest walk is not believed. */
  readonly suspicion: ShareSuspicion | undefined;
};

export function lookedAt(ledger: Asked, share: ShareName): LookedAt {
  const suspicion = ledger.scans.suspicionOf(share);
  return {
    ...{ share, at: lastLook(ledger, share)?.startedAt, offline: ledger.scans.offline(share) },
    suspicion: suspicion === undefined ? undefined : suspicionLine(share, suspicion),
  };
}
