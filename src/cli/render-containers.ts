import { printable } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { RunReport } from '../nightly/run-report.ts';
import { clockTime } from './style.ts';

/** What became of containers in a run, and what it means for what lies in them. */
export function containerLines({
  containers,
  finishedAt,
}: Pick<RunReport, 'containers' | 'finishedAt'>): string[] {
  return containers.flatMap(({ owner, destination, at, said, batches, files }) => [
    `${owner} at ${destination}, since ${clockTime(at, finishedAt)}, ${count(batches, 'batch', 'batches')} with ${count(files, 'file')}:`,
    `    ${printable(said)}`,
  ]);
}
