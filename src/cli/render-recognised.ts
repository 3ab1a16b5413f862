import { count, formatBytes } from '../core/units.ts';
import type { RecognisedLine } from '../nightly/report-recognised.ts';
import type { RunReport } from '../nightly/run-report.ts';

/** What only looked new in a run, a line for each folder. Reports of older versions have none. */
export function recognisedLines({
  recognised = [],
  moreRecognised = 0,
}: Partial<Pick<RunReport, 'recognised' | 'moreRecognised'>>): string[] {
  const lines = recognised.map(
    (line) => `${said(line)} (${count(line.files, 'file')}, ${formatBytes(line.bytes)})`,
  );
  return moreRecognised === 0 ? lines : [...lines, `… and ${count(moreRecognised, 'more folder')}`];
}

function said({ kind, share, from, to, batch, owner, destination }: RecognisedLine): string {
  switch (kind) {
    case 'moved':
      return `${share}:${to} was moved from ${from}, delivered there as ${batch} for ${owner}: not sent again`;
    case 'retimed':
      return `${share}:${to} has other times and the same content as ${batch} of ${owner}: not sent again`;
    case 'given-over':
      return `${share}:${to} was delivered from ${from} to ${owner} (${destination}) before, as ${batch}; it is sent to whom it belongs now`;
  }
}
