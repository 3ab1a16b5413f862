import type { IngestError } from '../core/errors.ts';
import { printable } from '../core/share-path.ts';
import { BATCH_STATES } from '../core/states.ts';
import { count, formatBytes } from '../core/units.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { AcceptedMapping } from '../ledger/mappings.ts';
import type { BatchCount } from '../ledger/open-ledger.ts';
import type { Pause } from '../ledger/pauses.ts';
import type { Run } from '../ledger/runs.ts';
import type { Watched } from '../ledger/watches.ts';
import type { CollectorReport } from '../nightly/report-collector.ts';
import type { RunReport } from '../nightly/run-report.ts';
import { bucketWord } from './bucket-word.ts';
import type { LookedAt } from './last-look.ts';
import { collectorLines } from './render-collector.ts';
import { pauseLines } from './render-pauses.ts';
import { lookLines } from './render-shares.ts';
import { watchLines } from './render-watches.ts';
import { clockTime, columns, style } from './style.ts';

/** What `status` tells; times in ms since 1970. */
export type Status = {
  readonly now: number;
  readonly stateDir: string;
  readonly freeBytes: number | undefined;
  /** Who runs evenings on this state directory right now. */
  readonly holder: string | undefined;
  readonly lastRun: Run | undefined;
  /** Of the newest run that ended with one. */
  readonly lastReport: RunReport | undefined;
  readonly batches: readonly BatchCount[];
  readonly inFlight: readonly BatchHead[];
  readonly pauses: readonly Pause[];
  /** The mapping accepted last, and why folders.yaml as it is now is not in force. */
  readonly mapping: {
    readonly accepted: AcceptedMapping | undefined;
    readonly refused: IngestError | undefined;
  };
  readonly nextEvening: number;
  readonly shares: readonly LookedAt[];
  /** What lies with the collector, and what there is to think of about owners. */
  readonly collector: CollectorReport;
  readonly reminders: RunReport['reminders'];
  /** What the daemon that runs said of the watching of each share. */
  readonly watches: readonly Watched[];
};

const IN_FLIGHT_SHOWN = 20;

/** The state of things on one screen. */
export function renderStatus(status: Status, stream: NodeJS.WriteStream): string {
  const head = (text: string): string => style(stream, 'bold', text);
  const { now, holder, freeBytes, stateDir } = status;
  const free = freeBytes === undefined ? '' : `, ${formatBytes(freeBytes)} free`;
  return [
    holder === undefined
      ? style(stream, 'yellow', 'Nothing runs on this state directory right now.')
      : style(stream, 'green', `Running: ${printable(holder)}`),
    ...lastRunLines(status),
    `Next evening: ${clockTime(status.nextEvening, now)}${holder === undefined ? ' (if `nightjar serve` runs then)' : ''}`,
    `State: ${stateDir}${free}`,
    ...section(
      head('Shares'),
      status.shares.flatMap((share) => lookLines(share, now)),
    ),
    ...section(head('Between evenings'), watchLines(status.watches)),
    ...mappingLines(status, stream),
    ...section(head('Batches'), batchLines(status)),
    ...section(head('Collector'), collectorLines(status.collector, now)),
    ...section(
      head('Owners'),
      status.reminders.map(({ message }) => message),
    ),
    ...section(head('In flight'), inFlightLines(status)),
    ...section(head('On hold'), pauseLines(status.pauses, now)),
  ].join('\n');
}

function mappingLines({ mapping: { accepted, refused }, now }: Status, stream: NodeJS.WriteStream): string[] {
  if (accepted === undefined && refused === undefined) return [];
  const since = accepted === undefined ? 'none' : `of ${clockTime(accepted.at, now)}, by ${accepted.by}`;
  if (refused === undefined) return [`Folder mapping: ${since}`];
  return [
    style(stream, 'red', `Folder mapping: ${since}; folders.yaml as it is now is NOT in force`),
    ...`${refused.message} (${refused.code})\n${refused.hint}`.split('\n').map((line) => `  ${line}`),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function lastRunLines({ lastRun, lastReport, holder, now }: Status): string[] {
  if (lastRun === undefined) return ['Last run: none yet.'];
  const { id, startedAt, finishedAt, outcome } = lastRun;
  const started = `Last run: ${id}, started ${clockTime(startedAt, now)}`;
  if (finishedAt === undefined)
    return [
      holder === undefined
        ? `${started}; it was cut off: its process ended without a report`
        : `${started}; it is going on`,
    ];
  const line = `${started}, ended ${clockTime(finishedAt, now)}: ${outcome ?? 'without an outcome'}`;
  return lastReport?.run === id ? [line, `  ${balanceLine(lastReport)}`] : [line];
}

/** "1,204 files seen = 1,190 delivered + 14 held; it balances". */
function balanceLine({ seen, buckets, balanced }: RunReport): string {
  const parts = Object.entries(buckets).filter(([, { files }]) => files > 0);
  const sum = parts.map(([bucket, { files }]) => `${files.toLocaleString('en-US')} ${bucketWord(bucket)}`);
  const verdict = balanced ? 'it balances' : 'IT DOES NOT BALANCE';
  return `${count(seen.files, 'file')} seen = ${sum.length === 0 ? 'none' : sum.join(' + ')}; ${verdict}`;
}

function batchLines({ batches }: Status): string[] {
  const sorted = batches.toSorted((a, b) => BATCH_STATES.indexOf(a.state) - BATCH_STATES.indexOf(b.state));
  const rows = sorted.map(({ state, batches, files, bytes }) => [
    state,
    count(batches, 'batch', 'batches'),
    count(files, 'file'),
    formatBytes(bytes),
  ]);
  return rows.length === 0 ? ['none yet'] : columns(rows, [1, 2, 3]);
}

function inFlightLines({ inFlight, now }: Status): string[] {
  const rows = inFlight
    .slice(0, IN_FLIGHT_SHOWN)
    .map(({ id, state, owner, destination, dataset, files, bytes, changedAt }) => [
      state,
      id,
      owner,
      destination,
      printable(dataset),
      count(files, 'file'),
      formatBytes(bytes),
      `since ${clockTime(changedAt, now)}`,
    ]);
  const more = inFlight.length - rows.length;
  return [
    ...columns(rows, [5, 6]),
    ...(more > 0 ? [`… and ${count(more, 'more batch', 'more batches')}`] : []),
  ];
}
