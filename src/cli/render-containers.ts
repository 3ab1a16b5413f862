import { printable } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { RunReport } from '../nightly/run-report.ts';
import { clockTime } from './style.ts';

/** What became of containers in a run, and what it means for what lies in them. */
export function containerLines({
  containers,
  finishedAt,
}: Pick<RunReport, 'containers' | 'finishedAt'>): string[] {
  return containers.flatMap(({ what, owner, destination, at, said, batches, files }) => [
    `${owner} at ${destination}, since ${clockTime(at, finishedAt)}, ${count(batches, 'batch', 'batches')} with ${count(files, 'file')}:`,
    `    ${printable(said)}`,
    ...(what === 'doubtful' ? [`  → ${leftOver(owner)}`] : []),
  ]);
}

/** What nobody uses does no harm, but for the number of uploads that an account may have. */
const leftOver = (owner: string): string =>
  `${owner} may delete those of that name that have no file in them, and no other: it counts against what the account may have open.`;
