import { count, formatDuration } from '../core/units.ts';
import type { FutureTimes } from '../nightly/future-times.ts';
import type { RunReport } from '../nightly/run-report.ts';

const SHOWN = 5;

/** Files dated in the future, and what that says of the clock that dated them. Reports of older versions have none. */
export function futureTimeLines({ futureTimes = [] }: Partial<Pick<RunReport, 'futureTimes'>>): string[] {
  return futureTimes.flatMap((times) => [said(times), ...times.examples.slice(0, SHOWN).map(example)]);
}

function said({ share, files, clockAheadMs }: FutureTimes): string {
  const what = `${share}: ${count(files, 'file')} dated after we first saw them`;
  return clockAheadMs === undefined
    ? `${what}; the dates are wrong. Settling goes by our own clock`
    : `${what}: its clock is ahead of ours by at least ${rounded(clockAheadMs)}. Settling goes by our own clock`;
}

const example = ({ path, aheadMs }: FutureTimes['examples'][number]): string =>
  `    ${path}  ${rounded(aheadMs)} ahead`;

const rounded = (ms: number): string => formatDuration(Math.round(ms / 1000) * 1000);
