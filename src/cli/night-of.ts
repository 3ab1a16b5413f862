import type { Workspace } from '../app/workspace.ts';
import { IngestError } from '../core/errors.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Run } from '../ledger/runs.ts';
import { localDay } from '../schedule/local-day.ts';

const MOST_RUNS = 1000;
const SHOWN = 5;

/** A run, and until when what happened belongs to it. `until` undefined: it goes on. */
type NightRun = Pick<Run, 'no' | 'startedAt'> & { readonly until: number | undefined };

/** The runs of a night: "last", the id of a run, or the day on which the evening began. Throws USAGE when there is none. */
export function runsOfNight(
  { ledger, config }: Pick<Workspace, 'ledger' | 'config'>,
  text: string,
): NightRun[] {
  const zone = config.schedule.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const runs = ledger.runs.latest(MOST_RUNS);
  const dayOf = ({ dueAt, startedAt }: Run): string => localDay(dueAt ?? startedAt, zone);
  const found =
    text === 'last' ? runs.slice(0, 1) : runs.filter((run) => String(run.id) === text || dayOf(run) === text);
  if (found.length > 0) return found.map((run) => withEnd(run, runs));
  const nights = [...new Set(runs.map(dayOf))].slice(0, SHOWN);
  throw new IngestError('USAGE', `there was no run of ${text}`, {
    hint: `Give "last", the id of a run, or the day on which its evening began.${nights.length === 0 ? '' : ` The newest: ${nights.join(', ')}.`}`,
  });
}

/** One that was killed has no end of its own: what came after belongs to the run that began next. */
function withEnd({ no, startedAt, finishedAt }: Run, all: readonly Run[]): NightRun {
  const next = all.findLast((run) => run.no > no && run.startedAt >= startedAt);
  return { no, startedAt, until: finishedAt ?? next?.startedAt };
}

/** Whether one of the runs planned the batch, or it came to where it is during one. */
export function isOfNight(runs: readonly NightRun[], { runNo, changedAt }: BatchHead): boolean {
  return runs.some(
    ({ no, startedAt, until = Number.POSITIVE_INFINITY }) =>
      no === runNo || (changedAt >= startedAt && changedAt <= until),
  );
}
