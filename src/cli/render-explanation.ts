import type { Assignment } from '../core/model.ts';
import { printable } from '../core/share-path.ts';
import { count, formatBytes, formatDuration } from '../core/units.ts';
import type { LedgerEvent } from '../ledger/events.ts';
import { BUCKETS } from '../nightly/judge.ts';
import { changedIn, namesByOwner } from '../nightly/name-list.ts';
import { byHandLine } from '../nightly/report-by-hand.ts';
import type { Trace } from '../ownership/trace-rules.ts';
import { bucketWord } from './bucket-word.ts';
import type { CliContext } from './context.ts';
import { moveLines, movesJson } from './explain-moves.ts';
import type { Explanation, KnownFile } from './explain-path.ts';
import { IN_DOUBT, withinJson, withinLines } from './explain-within.ts';
import { notByHand } from './render-by-hand.ts';
import { reopens } from './render-causes.ts';
import { NAMES_TITLE, nameLines } from './render-names.ts';
import { lookJson, lookLines } from './render-shares.ts';
import { standingJson, standingLines } from './render-standing.ts';
import { sayCondition } from './say-condition.ts';
import { clockTime, columns, style } from './style.ts';

type View = Pick<CliContext, 'out'> & { readonly now: number };

const MARKS: Readonly<Record<Trace['steps'][number]['verdict'], string>> = {
  decides: '→',
  tied: '=',
  later: '·',
  'unknown-owner': '?',
  'no-match': ' ',
};

/** Rules, owner, what is known, and what comes next. */
export function renderExplanation(explanation: Explanation, tonight: string, view: View): string {
  const head = (text: string): string => style(view.out, 'bold', text);
  const { share, path, trace, file, tally } = explanation;
  return [
    head(path === '' ? share : `${share}:${printable(path)}`),
    '',
    head(explanation.kind === 'directory' ? `Rules, for ${printable(trace.path)} in it` : 'Rules'),
    ...traceLines(trace),
    '',
    ...saidLines(explanation.standing, head),
    head('Whose it is'),
    ...assignmentLines(explanation.assignment),
    ...(explanation.suggestion === undefined ? [] : [`  Suggestion   ${printable(explanation.suggestion)}`]),
    ...nowLines(file),
    '',
    head('What is known of it'),
    ...(file === undefined ? [] : fileLines(file, view.now)),
    ...(tally === undefined ? [] : tallyLines(tally)),
    ...(explanation.within === undefined ? [] : withinLines(explanation.within)),
    ...moveLines(explanation.moves),
    ...notByHand(explanation.byHand),
    ...unknownLines(explanation),
    ...(explanation.kind === 'never-seen' ? [neverSeen(explanation, view.now)] : []),
    ...troubleLines(explanation, view.now),
    '',
    head('Next'),
    `  ${printable(tonight)}`,
  ].join('\n');
}

function saidLines(standing: Explanation['standing'], head: (text: string) => string): string[] {
  const lines = standingLines(standing).map((line) => `  ${line}`);
  return lines.length === 0 ? [] : [head('Control files and decisions'), ...lines, ''];
}

function traceLines({ ignoredBy, steps }: Trace): string[] {
  if (ignoredBy !== undefined)
    return [`  The ignore pattern '${ignoredBy}' takes it before any rule is tried.`];
  if (steps.length === 0) return ['  There are no rules.'];
  return steps.flatMap(({ rule, at, match, verdict, why, asked = [] }) => [
    `  ${MARKS[verdict]} ${rule} (${at})  ${match}`,
    `      ${printable(why)}`,
    ...asked.map(({ source, said }) => `        ${source}: ${printable(said)}`),
  ]);
}

function assignmentLines(assignment: Assignment): string[] {
  if (assignment.kind === 'excluded') return [`  Nobody's: excluded, ${printable(assignment.reason)}`];
  if (assignment.kind === 'held') return heldLines(assignment);
  if (assignment.kind === 'byHand') return byHandLines(assignment);
  const { owner, reason, code, dataset, destination, settleMs, complete, facts, waived } = assignment;
  const known = Object.entries(facts).map(([name, value]) => `${name}=${printable(value)}`);
  return [
    `  Owner        ${owner}${code === undefined ? '' : ` (${code})`}${reason === undefined ? '' : ` (${printable(reason)})`}`,
    `  Dataset      ${printable(dataset)}`,
    `  Destination  ${destination}`,
    `  Settles      when it has looked the same for ${formatDuration(settleMs)}`,
    ...(complete === undefined
      ? []
      : [`  Complete     when ${printable(sayCondition(complete.condition))} (${complete.by})`]),
    ...(waived === undefined ? [] : [`  Waived       ${printable(waived.reason)}`]),
    ...(known.length === 0 ? [] : [`  Facts        ${known.join(', ')}`]),
  ];
}

/** Delivered data keeps its owner: what the mapping says now is only told. */
function nowLines(file: KnownFile | undefined): string[] {
  const ownerNow = file?.verdict.ownerNow;
  if (ownerNow === undefined) return [];
  return [
    `  Delivered    for ${file?.verdict.owner ?? ''}, and would be ${ownerNow}'s now; nothing is moved`,
  ];
}

function unknownLines({ unknown }: Explanation): string[] {
  if (unknown === undefined) return [];
  const { files, bytes } = unknown;
  return [`  Unknown: ${count(files, 'file')}, ${formatBytes(bytes)} of earlier looks could not be reached`];
}

/** What is wrong with its share, if anything. */
function troubleLines({ looked }: Explanation, now: number): string[] {
  if (looked.offline === undefined && looked.suspicion === undefined) return [];
  return lookLines(looked, now).map((line) => `  ${line}`);
}

function heldLines({ owner, code, reason, help }: Extract<Assignment, { kind: 'held' }>): string[] {
  const whose = owner === undefined ? "Nobody's" : `For ${owner}`;
  const said = [`  ${whose}: held (${code}), ${printable(reason)}`];
  return help === undefined ? said : [...said, `  ${printable(help)}`];
}

function byHandLines({ owner, reason, help }: Extract<Assignment, { kind: 'byHand' }>): string[] {
  const whose = owner === undefined ? "Nobody's" : `For ${owner}`;
  return [`  ${whose}, by hand: ${printable(reason)}`, `  ${printable(help)}`];
}

function neverSeen({ lookedAt }: Explanation, now: number): string {
  return lookedAt === undefined
    ? '  Nothing: its share has never been looked at.'
    : `  Nothing: the last look at its share (${clockTime(lookedAt, now)}) did not see it.`;
}

function fileLines(file: KnownFile, now: number): string[] {
  const { verdict, state, since, lookedAt, prior } = file;
  const { entry, batch } = verdict;
  const seen = `${formatBytes(entry.size)}, the same since our look of ${clockTime(since, now)}; last look ${clockTime(lookedAt, now)}`;
  const lines = [`  State  ${state}: ${printable(verdict.reason)}`, `  File   ${seen}`];
  if (verdict.overdue !== undefined) {
    const { nights, guess } = verdict.overdue;
    lines.push(`  Long   not settled for ${count(nights, 'night')}: perhaps ${printable(guess)}`);
    lines.push(`  Helps  ${printable(verdict.help ?? '')}`);
  }
  lines.push(
    ...nameChanges(file).map(({ path, as, hazard }) => `  Name   ${path} → ${printable(as)}: ${hazard}`),
  );
  if (batch !== undefined) {
    lines.push(
      `  Batch  ${batch.id}, ${count(batch.files, 'file')}, ${formatBytes(batch.bytes)}, for ${batch.owner} to ${batch.destination}`,
    );
    if (batch.receipt !== undefined) lines.push(`  Where  ${printable(batch.receipt.location)}`);
    if (file.inDoubt) lines.push(`  Doubt  ${IN_DOUBT}`);
    if (batch.error !== undefined) lines.push(`  Error  ${batch.error.code}: ${printable(batch.error.hint)}`);
  }
  if (verdict.follows !== undefined) lines.push(`  Joins  ${reopens(verdict.follows)}`);
  if (prior !== undefined) lines.push(`  Before an earlier version of it is in ${prior.id} (${prior.state})`);
  return [...lines, ...historyLines(file.history, now, batch?.receipt?.how)];
}

const nameChanges = ({ verdict, as }: KnownFile): ReturnType<typeof changedIn> =>
  as === undefined ? [] : changedIn(verdict.path, as);

/** `proof` is said above, as the reason of the state. */
function historyLines(history: readonly LedgerEvent[], now: number, proof: string | undefined): string[] {
  const rows = history.map(({ at, what, detail }) => [
    ...[clockTime(at, now), what, detail === proof ? '' : printable(detail)],
  ]);
  return columns(rows).map((row) => `    ${row}`);
}

function tallyLines({ buckets, owners, names: changed }: NonNullable<Explanation['tally']>): string[] {
  const used = BUCKETS.filter((bucket) => buckets[bucket].files > 0);
  const rows = used.map((bucket) => {
    const { files, bytes } = buckets[bucket];
    return [bucketWord(bucket), count(files, 'file'), formatBytes(bytes)];
  });
  const names = Object.keys(owners).map((name) => (name === '-' ? '(nobody)' : name));
  const safe = nameLines(namesByOwner(changed));
  return [
    ...columns(rows, [1, 2]),
    `by owner: ${names.sort().join(', ')}`,
    ...(safe.length === 0 ? [] : [`${NAMES_TITLE}:`, ...safe]),
  ].map((row) => `  ${row}`);
}

/** The JSON form (docs/json.md); times in ms since 1970. */
export function explanationJson(explanation: Explanation, tonight: string): object {
  const { path, kind, trace, standing, assignment, file, tally, unknown, looked } = explanation;
  const { ignoredBy, steps, winner } = trace;
  return {
    format: 1,
    ...{ path: printable(path), kind, ...lookJson(looked) },
    trace: shown({ ignoredBy: ignoredBy ?? null, winner: winner ?? null, steps }),
    ...standingJson(standing),
    assignment: shown(assignment),
    ...(explanation.suggestion === undefined ? {} : { suggestion: printable(explanation.suggestion) }),
    file: file === undefined ? null : shown(fileJson(file)),
    buckets: tally?.buckets ?? null,
    ...withinJson(explanation.within),
    ...(tally === undefined ? {} : { names: namesByOwner(tally.names) }),
    ...(unknown === undefined ? {} : { unknown }),
    moves: movesJson(explanation.moves),
    byHand: explanation.byHand === undefined ? null : byHandLine(explanation.byHand),
    tonight: printable(tonight),
  };
}

/** The same with every text in the form that all answers have (docs/json.md). */
function shown(value: object): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, one: unknown) => (typeof one === 'string' ? printable(one) : one)),
  );
}

function fileJson(file: KnownFile): object {
  const { state, verdict, as, since, lookedAt, gone, unknown, history, prior } = file;
  const { entry, batch, reason, earliest } = verdict;
  return {
    ...{ state, reason, size: entry.size, since, lookedAt, gone, inDoubt: file.inDoubt },
    ...(unknown === undefined ? {} : { unknown: printable(unknown) }),
    ...(as === undefined ? {} : { as, names: nameChanges(file) }),
    ...(verdict.ownerNow === undefined ? {} : { ownerNow: verdict.ownerNow }),
    earliest: earliest ?? null,
    priorBatch: prior?.id ?? null,
    follows: verdict.follows ?? null,
    batch:
      batch === undefined
        ? null
        : {
            ...{ batch: batch.id, owner: batch.owner, destination: batch.destination, state: batch.state },
            ...{ files: batch.files, bytes: batch.bytes, attempts: batch.attempts },
            ...{ error: batch.error ?? null, receipt: batch.receipt ?? null, history },
          },
  };
}
