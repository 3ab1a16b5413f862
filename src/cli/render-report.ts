import { printable, quoted } from '../core/share-path.ts';
import { count, formatBytes, formatDuration } from '../core/units.ts';
import { BUCKETS } from '../nightly/judge.ts';
import type { RunReport } from '../nightly/run-report.ts';
import type { Counted, Note } from '../nightly/tally.ts';
import { errorCodeOf } from './error-code-of.ts';
import { ACCEPTED_TITLE, acceptedLines } from './render-accepted.ts';
import { AUDIT_TITLE, auditLines } from './render-audit.ts';
import { BY_HAND_TITLE, byHandLines } from './render-by-hand.ts';
import { reopens } from './render-causes.ts';
import { collectorLines, ownerLines } from './render-collector.ts';
import { containerLines } from './render-containers.ts';
import { deliveryLines } from './render-deliveries.ts';
import { futureTimeLines } from './render-future-times.ts';
import { MAILS_TITLE, mailLines } from './render-mails.ts';
import { NAMES_TITLE, nameLines } from './render-names.ts';
import { outageLines } from './render-outages.ts';
import { PUBLICATIONS_TITLE, publicationLines } from './render-publications.ts';
import { recognisedLines } from './render-recognised.ts';
import { REQUEUES_TITLE, requeueLines } from './render-requeues.ts';
import { isToldBy, toldAbove, troubleLines } from './render-troubles.ts';
import { clockTime, columns, style } from './style.ts';

const WORDS: Readonly<Record<(typeof BUCKETS)[number], string>> = {
  delivered: 'delivered',
  unchanged: 'unchanged',
  waiting: 'waiting',
  notSettled: 'not settled',
  held: 'held',
  rejected: 'rejected',
  excluded: 'excluded',
  byHand: 'by hand',
  unreadable: 'unreadable',
};

const OUTCOMES: Readonly<Record<RunReport['outcome'], string>> = {
  done: 'Everything that could go has gone.',
  attention:
    'It ran, but something needs a person: "What went wrong" and "Why the rest did not go" say what.',
  waiting: 'Some batches are not delivered yet; they will be tried again.',
  cut: 'The run was stopped before its end; the next one goes on where it was.',
  empty:
    'No file was seen on any share but what is left out. An empty share is never a success: is it mounted?',
  'no-owners':
    "folders.yaml names no owner: everything is the collector's. Add those whose data it is below `owners`.",
  ownerless:
    "Files were seen, and none belongs to an owner: everything is the collector's. Look at the rules: nightjar why",
  first:
    'The first run, and nothing has gone yet: files must look the same for a while first. Run it again, or wait for the next evening.',
  unbalanced: 'THE TOTALS DO NOT ADD UP. Do not trust this run; please report it.',
};

/** The report for a person: where everything went, why the rest did not, and the balance. */
export function renderReport(report: RunReport, stream: NodeJS.WriteStream): string {
  const head = (text: string): string => style(stream, 'bold', text);
  const took = formatDuration(
    Math.max(1000, Math.round((report.finishedAt - report.startedAt) / 1000) * 1000),
  );
  return [
    '',
    head(`Run ${report.run}`) + ` (${took})`,
    '',
    ...section(head('Where everything went'), deliveryLines(report)),
    ...section(head('What went wrong, and what helps'), troubleLines(report.troubles, report.finishedAt)),
    ...section(head(ACCEPTED_TITLE), acceptedLines(report.stillAccepted ?? [], report.finishedAt)),
    ...section(head(AUDIT_TITLE), auditLines(report.audit)),
    ...section(head(REQUEUES_TITLE), requeueLines(report.requeues)),
    ...section(head('Containers that were lost, or may be left over'), containerLines(report)),
    ...section(head(PUBLICATIONS_TITLE), publicationLines(report)),
    ...section(head('Has not settled for many nights: somebody should look'), overdue(report)),
    ...section(head('Delivered before, and known again'), recognisedLines(report)),
    ...section(head(BY_HAND_TITLE), byHandLines(report)),
    ...section(head(NAMES_TITLE), nameLines(report.names)),
    ...section(head('Dated in the future'), futureTimeLines(report)),
    ...section(head(MAILS_TITLE), mailLines(report.mails, 'has sent')),
    ...section(head('Destinations that were away'), outageLines(report)),
    ...section(head('The queue took nothing at the end'), problemLines(report.queue)),
    ...section(head('Why the rest did not go'), notes(report)),
    ...section(head('Collector'), collectorLines(report.collector, report.finishedAt)),
    ...section(head('Owners'), ownerLines(report)),
    ...section(head('Folder mapping'), problemLines(report.mapping)),
    ...section(head('Shares that need a person'), shareProblems(report)),
    ...section(head('By owner'), table('owner', report.owners)),
    ...section(head('By instrument'), table('instrument', report.instruments)),
    ...section(head('Balance'), balance(report)),
    ...(report.historyHead === undefined ? [] : [`Head of the history: ${report.historyHead}`, '']),
    style(stream, report.outcome === 'done' ? 'green' : 'yellow', OUTCOMES[report.outcome]),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}

function overdue({ notes }: RunReport): string[] {
  return notes.flatMap(({ overdue, share, where, owner, files, bytes }) =>
    overdue === undefined
      ? []
      : [
          `${where} (${owner}), ${count(files, 'file')}, ${formatBytes(bytes)}: ${count(overdue.nights, 'night')}`,
          `    Perhaps ${overdue.guess}.`,
          `    nightjar force ${quoted(`${share}:${where}`)}, or nightjar exclude ${quoted(`${share}:${where}`)} --reason "why"`,
        ],
  );
}

function notes(report: RunReport): string[] {
  const isTold = (note: Note): boolean => isToldBy(report.troubles, note);
  const lines = [
    ...toldAbove(report.notes.filter(isTold)),
    ...report.notes.filter((note) => !isTold(note)).flatMap((note) => noteLines(note, report.finishedAt)),
  ];
  return report.moreNotes > 0
    ? [...lines, `… and ${count(report.moreNotes, 'more cause')}: nightjar why`]
    : lines;
}

function noteLines(note: Note, now: number): string[] {
  const bucket = WORDS[note.bucket as keyof typeof WORDS] ?? note.bucket;
  const whose = note.owner === '-' ? '' : ` (${note.owner})`;
  const since = note.since === undefined ? '' : ` · since ${clockTime(note.since, now)}`;
  const when = note.earliest === undefined ? since : ` · not before ${clockTime(note.earliest, now)}`;
  return [
    `${bucket}: ${note.where}${whose}, ${count(note.files, 'file')}, ${formatBytes(note.bytes)}`,
    `    ${note.reason}${errorCodeOf(note)}${when}`,
    ...(note.follows === undefined ? [] : [`    ${reopens(note.follows)}`]),
    ...(note.help === undefined ? [] : [`    ${note.help}`]),
  ];
}

function problemLines(problem: RunReport['queue']): string[] {
  return problem === undefined ? [] : [`${problem.message} (${problem.code})`, `    ${problem.hint}`];
}

function shareProblems({ shares, finishedAt }: RunReport): string[] {
  return shares.flatMap(({ name, problem, offlineSince, suspicion, unknown }) => [
    ...(problem === undefined
      ? []
      : [
          `${name}: offline${offlineSince === undefined ? '' : ` since ${clockTime(offlineSince, finishedAt)}`}: ${problem.message} (${problem.code})`,
          `    ${problem.hint}`,
        ]),
    ...(suspicion === undefined
      ? []
      : [
          `${name}: not believed since ${clockTime(suspicion.since, finishedAt)}: ${suspicion.reason}`,
          `    ${suspicion.help}`,
        ]),
    ...(unknown === undefined
      ? []
      : [
          `${name}: ${count(unknown.files, 'file')}, ${formatBytes(unknown.bytes)} of earlier looks could not be reached: unknown, not gone`,
        ]),
  ]);
}

/** Files by bucket, a row for each name; buckets that are zero everywhere are left out. */
function table(what: string, rows: Readonly<Record<string, Counted>>): string[] {
  const names = Object.keys(rows).sort();
  const used = BUCKETS.filter((bucket) => names.some((name) => (rows[name]?.[bucket].files ?? 0) > 0));
  const head = [what, ...used.map((bucket) => WORDS[bucket]), 'files', 'bytes'];
  const body = names.map((name) => {
    const counted = rows[name];
    const all = BUCKETS.map((bucket) => counted?.[bucket] ?? { files: 0, bytes: 0 });
    return [
      name === '-' ? '(nobody)' : printable(name),
      ...used.map((bucket) => String(counted?.[bucket].files ?? 0)),
      String(all.reduce((sum, { files }) => sum + files, 0)),
      formatBytes(all.reduce((sum, { bytes }) => sum + bytes, 0)),
    ];
  });
  return names.length === 0 ? [] : columns([head, ...body], head.map((_cell, at) => at).slice(1));
}

function balance(report: RunReport): string[] {
  const rows = [
    ['seen', report.seen.files, report.seen.bytes] as const,
    ...BUCKETS.map(
      (bucket) => [WORDS[bucket], report.buckets[bucket].files, report.buckets[bucket].bytes] as const,
    ),
  ];
  const lines = columns(
    rows.map(([word, files, bytes], at) => [
      at === 0 ? '' : at === 1 ? '=' : '+',
      word,
      files.toLocaleString('en-US'),
      `${bytes.toLocaleString('en-US')} B`,
    ]),
    [2, 3],
  );
  return [...lines, report.balanced ? 'It balances.' : 'IT DOES NOT BALANCE.'];
}
