import type { Workspace } from '../app/workspace.ts';
import { IngestError } from '../core/errors.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Run } from '../ledger/runs.ts';
import { localDay } from '../schedule/local-day.ts';

const MOST_RUNS = 1000;
const SHOWN = 5;

/** The runs of a night: "last", the id of a run, or the day on which the evening began. Throws USAGE when there is none. */
export function runsOfNight({ ledger, config }: Pick<Workspace, 'ledger' | 'config'>, text: string): Run[] {
  const zone = config.schedule.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const runs = ledger.runs.latest(MOST_RUNS);
  const dayOf = ({ dueAt, startedAt }: Run): string => localDay(dueAt ?? startedAt, zone);
  const found =
    text === 'last' ? runs.slice(0, 1) : runs.filter((run) => String(run.id) === text || dayOf(run) === text);
  if (found.length > 0) return found;
  const nights = [...new Set(runs.map(dayOf))].slice(0, SHOWN);
  throw new IngestError('USAGE', `there was no run of ${text}`, {
    hint: `Give "last", the id of a run, or the day on which its evening began.${nights.length === 0 ? '' : ` The newest: ${nights.join(', ')}.`}`,
  });
}

/** Whether one of the runs planned the batch, or it came to where it is during one. */
export function isOfNight(runs: readonly Run[], { runNo, changedAt }: BatchHead): boolean {
  return runs.some(
    ({ no, startedAt, finishedAt = Number.POSITIVE_INFINITY }) =>
      no === runNo || (changedAt >= startedAt && changedAt <= finishedAt),
  );
}
