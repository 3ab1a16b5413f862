import { printable } from '../core/share-path.ts';
import { count, formatBytes } from '../core/units.ts';
import type { CliContext } from './context.ts';
import { type Cause, helpFor } from './find-causes.ts';
import type { LookedAt } from './last-look.ts';
import { lookLines } from './render-shares.ts';
import { style } from './style.ts';

const WORDS: Readonly<Record<Cause['bucket'], string>> = {
  delivered: 'delivered',
  unchanged: 'delivered',
  waiting: 'waiting',
  notSettled: 'not settled',
  held: 'held',
  rejected: 'rejected',
  excluded: 'excluded',
  byHand: 'by hand',
  unreadable: 'unreadable',
  ready: 'goes with the next run',
};

const SHOWN = 500;

/** A cause as one sentence (say-cause.ts). */
type Say = (cause: Cause) => string;

/** One paragraph a cause: what, why, since when, the earliest time, and what helps. */
export function renderCauses(
  causes: readonly Cause[],
  looks: readonly LookedAt[],
  { out, now, say }: { readonly out: CliContext['out']; readonly now: number; readonly say: Say },
): string {
  const shown = causes.slice(0, SHOWN);
  const lines = shown.flatMap((cause) => causeLines(cause, say, out));
  if (causes.length > SHOWN)
    lines.push(`… and ${count(causes.length - SHOWN, 'more cause')}: --json has all`);
  if (causes.length === 0) lines.push(nothing(looks));
  return [...lines, '', ...looks.flatMap((look) => lookLines(look, now))].join('\n');
}

function causeLines(cause: Cause, say: Say, out: NodeJS.WriteStream): string[] {
  const { bucket, share, owner, where, files, bytes } = cause;
  const whose = owner === '-' ? '' : ` (${owner})`;
  const place = where === '' ? share : `${share}:${printable(where)}`;
  return [
    `${style(out, bucket === 'held' ? 'yellow' : 'bold', WORDS[bucket])}: ${place}${whose}, ${count(files, 'file')}, ${formatBytes(bytes)}`,
    `    ${printable(say(cause))}`,
    ...(cause.follows === undefined ? [] : [`    ${reopens(cause.follows)}`]),
    `    ${printable(helpFor(cause))}`,
  ];
}

/** A late joiner says so: its dataset was taken for finished before. */
export const reopens = (first: string): string =>
  `It joins late: its dataset was sent before, from ${first} on, and what joins goes as a batch that follows.`;

function nothing(looks: readonly LookedAt[]): string {
  return looks.every(({ at }) => at === undefined)
    ? 'Nothing is known yet: no run has looked. `nightjar plan` shows what one would do.'
    : 'Nothing: everything here that the last look saw is delivered.';
}

/** The JSON form of a cause (docs/json.md). */
export function causeJson(cause: Cause, say: Say): object {
  const { bucket, share, owner, instrument, where, reason, since, earliest, batch, code, files, bytes } =
    cause;
  return {
    ...{ bucket, share, owner, instrument, where: printable(where), reason: printable(reason), since },
    sentence: printable(say(cause)),
    ...(earliest === undefined ? {} : { earliest }),
    ...(cause.overdue === undefined ? {} : { overdue: cause.overdue }),
    ...(batch === undefined ? {} : { batch: batch.id }),
    ...(cause.follows === undefined ? {} : { follows: cause.follows }),
    ...(batch?.error === undefined ? (code === undefined ? {} : { code }) : { code: batch.error.code }),
    ...{ files, bytes, help: printable(helpFor(cause)) },
  };
}
