import type { ShareName } from '../core/ids.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Run } from '../ledger/runs.ts';
import type { Problem, RunReport } from '../nightly/run-report.ts';

/** Runs that are gone through for the one that looked last: far more than fail in a row. */
const RUNS_TRIED = 10_000;

/** The newest run that looked at the share; undefined when none did. */
export function lastLook(ledger: Pick<Ledger, 'looks' | 'runs'>, share: ShareName): Run | undefined {
  const no = ledger.looks.lastRun(share);
  return no === 0 ? undefined : ledger.runs.latest(RUNS_TRIED).find((run) => run.no === no);
}

/** When a share was last looked at (ms since 1970; undefined: never), and why the newest run could not, if so. */
export type LookedAt = {
  readonly share: string;
  readonly at: number | undefined;
  readonly problem: Problem | undefined;
};

export function lookedAt(ledger: Pick<Ledger, 'looks' | 'runs'>, share: ShareName): LookedAt {
  const [newest] = ledger.runs.latest(1);
  const report = newest?.report === undefined ? undefined : (JSON.parse(newest.report) as Partial<RunReport>);
  const problem = report?.shares?.find(({ name }) => name === share)?.problem;
  return { share, at: lastLook(ledger, share)?.startedAt, problem };
}
