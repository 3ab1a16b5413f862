import { printable } from '../core/share-path.ts';
import { count, formatBytes, formatDuration } from '../core/units.ts';
import { BUCKETS } from '../nightly/judge.ts';
import { namesByOwner } from '../nightly/name-list.ts';
import type { Note } from '../nightly/tally.ts';
import { bucketWord } from './bucket-word.ts';
import type { CliContext } from './context.ts';
import { errorCodeOf } from './error-code-of.ts';
import { manyOneByOne, oneByOneLines } from './one-by-one.ts';
import type { Preview, PreviewedBatch } from './preview-evening.ts';
import { BY_HAND_TITLE, byHandLines } from './render-by-hand.ts';
import { MAILS_TITLE, mailLines } from './render-mails.ts';
import { NAMES_TITLE, nameLines } from './render-names.ts';
import { clockTime, columns, style } from './style.ts';

/** Batches of one owner for one destination. */
type Group = {
  readonly owner: string;
  readonly destination: string;
  readonly batches: number;
  readonly files: number;
  readonly bytes: number;
  /** Why they would not go although they are planned. */
  readonly onHold: string | undefined;
};

const NOTES_SHOWN = 100;
const GONE: readonly string[] = ['delivered', 'unchanged'];

/** What the evening would do, for a person. */
export function renderPlan(
  preview: Preview,
  { listBatches }: { readonly listBatches: boolean },
  { out }: Pick<CliContext, 'out'>,
): string {
  const head = (text: string): string => style(out, 'bold', text);
  return [
    ...section(head('Would go'), [...groupLines(preview.batches), totals(preview)]),
    ...(listBatches ? section(head('Batches'), batchLines(preview.batches)) : []),
    ...section(head('Go one by one'), oneByOneLines(manyOneByOne(preview.batches))),
    ...section(head(MAILS_TITLE), mailLines(preview.mails, 'will send')),
    ...section(head('Still to go from earlier evenings'), earlierLines(preview)),
    ...section(head('Would stay, and why'), noteLines(preview)),
    ...section(head(BY_HAND_TITLE), byHandIn(preview)),
    ...section(head(NAMES_TITLE), nameLines(namesByOwner(preview.tally.names))),
    ...section(head('Shares'), shareLines(preview)),
    'Nothing was written: the ledger, the share and the destinations are as they were.',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}

function groupsOf(batches: readonly PreviewedBatch[]): Group[] {
  const groups = Map.groupBy(batches, ({ plan, pause }) =>
    JSON.stringify([plan.owner, plan.destination, pause?.reason]),
  );
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { owner, destination } = first.plan;
    const files = members.reduce((sum, { plan }) => sum + plan.files.length, 0);
    const bytes = members.reduce((sum, { plan }) => sum + plan.bytes, 0);
    return [{ owner, destination, batches: members.length, files, bytes, onHold: first.pause?.reason }];
  });
}

function groupLines(batches: readonly PreviewedBatch[]): string[] {
  const rows = groupsOf(batches).map(({ owner, destination, batches, files, bytes, onHold }) => [
    owner,
    `→ ${destination}`,
    count(batches, 'batch', 'batches'),
    count(files, 'file'),
    formatBytes(bytes),
    onHold === undefined ? '' : `on hold: ${printable(onHold)}`,
  ]);
  return columns(rows, [2, 3, 4]);
}

function totals({ batches, expectedMs }: Preview): string {
  if (batches.length === 0) return 'nothing new';
  const files = batches.reduce((sum, { plan }) => sum + plan.files.length, 0);
  const bytes = batches.reduce((sum, { plan }) => sum + plan.bytes, 0);
  return `together ${count(files, 'file')}, ${formatBytes(bytes)}; ${duration(expectedMs)}`;
}

function duration(expectedMs: number | undefined): string {
  if (expectedMs === undefined) return 'how long it takes is unknown: nothing was delivered yet';
  return `about ${formatDuration(Math.max(1000, Math.round(expectedMs / 1000) * 1000))} at the rate of past deliveries`;
}

function batchLines(batches: readonly PreviewedBatch[]): string[] {
  const rows = batches.map(({ plan }) => [
    plan.owner,
    `→ ${plan.destination}`,
    printable(plan.dataset),
    count(plan.files.length, 'file'),
    formatBytes(plan.bytes),
    plan.reason === undefined ? plan.rule : `${plan.rule}: ${printable(plan.reason)}`,
  ]);
  return columns(rows, [3, 4]);
}

function earlierLines({ earlier }: Preview): string[] {
  if (earlier.batches === 0) return [];
  const { batches, files, bytes } = earlier;
  return [`${count(batches, 'batch', 'batches')}, ${count(files, 'file')}, ${formatBytes(bytes)}`];
}

function noteLines({ tally, now }: Preview): string[] {
  const notes = [...tally.notes.values()];
  const more = notes.length + tally.droppedNotes - NOTES_SHOWN;
  return [
    ...notes.slice(0, NOTES_SHOWN).flatMap((note) => linesOf(note, now)),
    ...(more > 0 ? [`… and ${count(more, 'more cause')}: --json has them`] : []),
  ];
}

function linesOf(note: Note, now: number): string[] {
  const { bucket, share, where, owner, files, bytes, reason, earliest } = note;
  const whose = owner === '-' ? '' : ` (${owner})`;
  const when = earliest === undefined ? '' : ` · not before ${clockTime(earliest, now)}`;
  return [
    `${bucketWord(bucket)}: ${share}:${where}${whose}, ${count(files, 'file')}, ${formatBytes(bytes)}`,
    `    ${reason}${errorCodeOf(note)}${when}`,
  ];
}

function shareLines({ shares, tally }: Preview): string[] {
  const gone = GONE.reduce((sum, bucket) => sum + filesIn(tally, bucket), 0);
  const lines = shares.flatMap(({ name, files, bytes, problem, suspicion }) => {
    if (problem !== undefined)
      return [`${name}: ${problem.message} (${problem.code})`, `    ${problem.hint}`];
    const seen = `${name}: ${count(files, 'file')}, ${formatBytes(bytes)}`;
    if (suspicion === undefined) return [seen];
    return [seen, `    It would not be believed: ${suspicion.reason}`, `    ${suspicion.help}`];
  });
  return [...lines, ...(gone === 0 ? [] : [`${count(gone, 'file')} of these were delivered before.`])];
}

/** Which datasets were found, and where; and how much people said of. */
function byHandIn({ byHand, tally }: Preview): string[] {
  const said = filesIn(tally, 'byHand') - byHand.reduce((sum, { keeps }) => sum + keeps, 0);
  return [
    ...byHandLines({
      byHand: byHand.slice(0, NOTES_SHOWN),
      moreByHand: Math.max(0, byHand.length - NOTES_SHOWN),
    }),
    ...(said === 0 ? [] : [`${count(said, 'file')} that somebody has said so of: nightjar why`]),
  ];
}

function filesIn({ buckets }: Preview['tally'], bucket: string): number {
  const found = BUCKETS.find((known) => known === bucket);
  return found === undefined ? 0 : buckets[found].files;
}

/** The JSON form (docs/json.md); times in ms since 1970. */
export function planJson(preview: Preview, { listBatches }: { readonly listBatches: boolean }): object {
  const { now, shares, batches, mails, earlier, tally, byHand, expectedMs } = preview;
  return {
    format: 1,
    now,
    shares: shares.map(({ name, files, bytes, problem, suspicion }) =>
      problem === undefined
        ? { name, looked: true, files, bytes, ...(suspicion === undefined ? {} : { suspicion }) }
        : {
            ...{ name, looked: false, files, bytes },
            problem: { code: problem.code, message: problem.message, hint: problem.hint },
          },
    ),
    groups: groupsOf(batches).map(({ onHold, ...group }) => ({
      ...group,
      ...(onHold === undefined ? {} : { onHold }),
    })),
    oneByOne: manyOneByOne(batches),
    ...(listBatches ? { batches: batches.map(batchJson) } : {}),
    mails,
    earlier,
    stays: tally.buckets,
    notes: [...tally.notes.values()],
    moreNotes: tally.droppedNotes,
    byHand,
    names: namesByOwner(tally.names),
    expectedMs: expectedMs ?? null,
  };
}

function batchJson({ plan, lane }: PreviewedBatch): object {
  const { id, share, owner, destination, dataset, rule, reason, code, files, bytes, addendum, follows } =
    plan;
  return {
    ...{ batch: id, share, owner, destination, lane, dataset: printable(dataset), rule },
    ...(reason === undefined ? {} : { reason }),
    ...(code === undefined ? {} : { code }),
    ...{ files: files.length, bytes, addendum },
    ...(follows === undefined ? {} : { follows }),
  };
}
