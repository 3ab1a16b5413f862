import { printable } from '../core/share-path.ts';
import { count, formatBytes } from '../core/units.ts';
import type { CollectorReport } from '../nightly/report-collector.ts';
import type { RunReport } from '../nightly/run-report.ts';
import { clockTime, columns } from './style.ts';

const FOLDERS_SHOWN = 5;

/** What lies with the collector; nothing where there is nothing. */
export function collectorLines(report: CollectorReport, now: number): string[] {
  const { files, bytes, oldest, byCode, folders, warnAbove, over } = report;
  if (files === 0 || oldest === null) return [];
  const codes = byCode.map((one) => [
    one.code,
    count(one.files, 'file'),
    formatBytes(one.bytes),
    `since ${clockTime(one.oldest, now)}`,
  ]);
  const largest = folders
    .slice(0, FOLDERS_SHOWN)
    .map(({ share, where, reason }) => `${share}:${where}  ${printable(reason)}`);
  const more = folders.length - largest.length + report.moreFolders;
  return [
    ...(over && warnAbove !== undefined
      ? [`WARNING: more than ${formatBytes(warnAbove)} lies with the collector; give it to somebody.`]
      : []),
    `${count(files, 'file')}, ${formatBytes(bytes)}, the oldest since ${clockTime(oldest, now)}`,
    ...columns(codes, [1, 2]).map((row) => `  ${row}`),
    'largest:',
    ...largest.map((line) => `  ${line}`),
    ...(more > 0 ? [`  … and ${count(more, 'more folder')}: --json has the largest`] : []),
  ];
}

/** Reminders, and what was delivered for somebody else than it would be now. */
export function ownerLines({
  reminders,
  ownerChanges,
}: Pick<RunReport, 'reminders' | 'ownerChanges'>): string[] {
  return [
    ...reminders.map(({ message }) => message),
    ...ownerChanges.map(
      ({ share, where, deliveredFor, now, files, bytes }) =>
        `${share}:${where}: ${count(files, 'file')}, ${formatBytes(bytes)} went to ${deliveredFor} and would be ${now}'s now; nothing is moved`,
    ),
  ];
}
