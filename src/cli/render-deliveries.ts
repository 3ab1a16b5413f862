import { count, formatBytes } from '../core/units.ts';
import type { BatchContents } from '../nightly/batch-contents.ts';
import type { DeliveryLine } from '../nightly/report-deliveries.ts';
import type { RunReport } from '../nightly/run-report.ts';
import { clockTime, columns } from './style.ts';

/** A row for each batch that was delivered in the run. */
export function deliveryLines({
  deliveries,
  finishedAt,
}: Pick<RunReport, 'deliveries' | 'finishedAt'>): string[] {
  if (deliveries.length === 0) return ['nothing was delivered in this run'];
  return columns(
    deliveries.map((line) => rowOf(line, finishedAt)),
    [3, 4],
  );
}

function rowOf(line: DeliveryLine, now: number): string[] {
  const { evidence, owner, files, bytes, location, follows, acceptedAt } = line;
  const after = follows === undefined ? '' : ` (follows ${follows})`;
  const found = acceptedAt === undefined ? '' : ` (accepted ${clockTime(acceptedAt, now)}, found there now)`;
  return [
    evidence,
    owner,
    contentWords(line),
    count(files, 'file'),
    formatBytes(bytes),
    `→ ${location}${after}${found}`,
  ];
}

/** What went: the file where there is only one, and of joined datasets the first few below their common folder. */
export function contentWords({
  dataset,
  file,
  datasets,
  moreDatasets = 0,
}: BatchContents & { readonly dataset: string }): string {
  if (datasets === undefined) return file ?? dataset;
  const below = dataset === '' ? '' : `${dataset}/`;
  const names = datasets.map((name) => (name.startsWith(below) ? name.slice(below.length) : name)).join(', ');
  const more = moreDatasets === 0 ? '' : ` and ${moreDatasets.toLocaleString('en-US')} more`;
  return `${dataset === '' ? '' : `${dataset}: `}${names}${more}`;
}
