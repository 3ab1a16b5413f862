import { isCause } from '../app/release-held.ts';
import { quoted, type SharePath } from '../core/share-path.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { Facts } from '../ledger/facts.ts';
import type { KnownDir } from '../ledger/looks.ts';
import { type Pause, pauseOf } from '../ledger/pauses.ts';
import type { Verdict } from '../nightly/judge.ts';
import type { Keep } from '../nightly/kept-datasets.ts';
import type { Overdue } from '../nightly/overdue.ts';

/** Files that are not gone, for one reason: a line of `why`. Times in ms since 1970. */
export type Cause = {
  readonly bucket: Verdict['bucket'];
  readonly share: string;
  readonly owner: string;
  readonly instrument: string;
  /** The dataset, or the path where each file has its own reason. */
  readonly where: SharePath;
  readonly reason: string;
  readonly earliest: number | undefined;
  readonly code: Verdict['code'];
  readonly batch: BatchHead | undefined;
  /** The first batch of the dataset, which these files reopen. */
  readonly follows: Verdict['follows'];
  /** What keeps the batch back, if it is only that. */
  readonly pause: Pause | undefined;
  /** The destination refused the file itself; it is remembered until the file changes. */
  readonly refused: boolean;
  /** For what has not settled for many nights. */
  readonly overdue: Overdue | undefined;
  /** For what has not settled: what keeps its dataset. */
  readonly keep: Keep | undefined;
  /** What helps, where the bucket alone does not say it. */
  readonly help: string | undefined;
  /** Since when the oldest of them is so, as far as we know. */
  since: number;
  files: number;
  bytes: number;
};

const GONE: readonly Verdict['bucket'][] = ['delivered', 'unchanged'];
const BY_FILE: readonly Verdict['bucket'][] = ['rejected', 'unreadable'];

/** One entry, judged, and what the ledger knows of it. */
export type Judged = { readonly verdict: Verdict; readonly facts: Pick<Facts, 'since' | 'mark'> };

/** Groups what is not gone by its cause, in the order in which causes first appear. */
export function findCauses(judged: Iterable<Judged>, pauses: readonly Pause[]): Cause[] {
  const causes = new Map<string, Cause>();
  for (const { verdict, facts } of judged) {
    if (GONE.includes(verdict.bucket)) continue;
    const cause = newCause(verdict, facts, pauses);
    const key = JSON.stringify([
      cause.bucket,
      cause.share,
      cause.where,
      cause.reason,
      cause.batch?.id,
      cause.follows,
    ]);
    const known = causes.get(key) ?? cause;
    const { kind, size } = verdict.entry;
    known.since = Math.min(known.since, cause.since);
    known.files += 1;
    known.bytes += kind === 'file' || kind === 'unreadable' ? size : 0;
    causes.set(key, known);
  }
  return [...causes.values()];
}

function newCause(verdict: Verdict, facts: Judged['facts'], pauses: readonly Pause[]): Cause {
  const { bucket, share, owner, instrument, reason, earliest, batch, follows, keep, code, help, overdue } =
    verdict;
  const where = BY_FILE.includes(bucket) ? verdict.path : (verdict.dataset ?? dirOf(verdict));
  const pause = bucket === 'held' ? pauseBehind(batch, pauses) : undefined;
  return {
    ...{
      bucket,
      share,
      owner,
      instrument,
      where,
      reason,
      earliest,
      code,
      batch,
      follows,
      pause,
      keep,
      help,
      overdue,
    },
    refused: bucket === 'rejected' && batch === undefined && facts.mark === 'refused',
    ...{ since: pause?.since ?? batch?.changedAt ?? keep?.since ?? facts.since, files: 0, bytes: 0 },
  };
}

function pauseBehind(batch: BatchHead | undefined, pauses: readonly Pause[]): Pause | undefined {
  return batch === undefined || batch.state === 'held' ? undefined : pauseOf(pauses, batch);
}

/** Many files of one directory are held or left out by the same rule: one line for them. */
function dirOf({ bucket, path }: Verdict): SharePath {
  return bucket === 'held' ? (path.slice(0, Math.max(0, path.lastIndexOf('/'))) as SharePath) : path;
}

/** The command or deed that helps, as one sentence. */
export function helpFor(cause: Cause): string {
  const { bucket, batch, share, where } = cause;
  if (cause.help !== undefined) return cause.help;
  switch (bucket) {
    case 'held':
      return batch === undefined ? mendRule(share, where) : helpForHeld(cause, batch);
    case 'rejected':
      return helpForRejected(cause);
    case 'unreadable':
      return 'Once it can be read, the next run takes it by itself.';
    case 'excluded':
      return 'It is left out on purpose; the folder mapping says so.';
    case 'notSettled':
      return helpForUnsettled(cause);
    default:
      return 'Nothing to do: it goes by itself.';
  }
}

function helpForUnsettled({ keep, share, where }: Cause): string {
  return keep?.goes === undefined
    ? 'Nothing to do: it goes when it has been quiet for long enough.'
    : `Nothing to do here: it goes by itself then. What the rule asks: nightjar explain ${quoted(`${share}:${where}`)}`;
}

function helpForRejected({ batch, refused, share, where }: Cause): string {
  if (batch !== undefined)
    return `${batch.error?.hint ?? 'Mend the cause.'} Then: nightjar requeue ${batch.id}`;
  return refused
    ? `To have it tried again as it is: nightjar requeue --path ${quoted(`${share}:${where}`)}`
    : 'Do what the sentence says; the next run takes it then.';
}

function helpForHeld({ pause }: Cause, batch: BatchHead): string {
  if (pause === undefined) {
    const { code = '', hint = 'A person decides.' } = batch.error ?? {};
    return isCause(code)
      ? `${hint} It goes on by itself then.`
      : `${hint} Then: nightjar requeue ${batch.id}`;
  }
  const end = `nightjar resume ${pause.kind} ${quoted(pause.name)}`;
  return pause.code === undefined
    ? `When it may go on: ${end}`
    : `It goes on by itself when the cause is gone. To try at once: ${end}`;
}

function mendRule(share: string, where: SharePath): string {
  return `Make the folder mapping say whose it is: nightjar explain ${quoted(`${share}:${where}`)}`;
}

/** True when `path` is `above` or lies below it. */
export function isWithin(path: SharePath, above: SharePath): boolean {
  return above === '' || path === above || path.startsWith(`${above}/`);
}

/** True when a directory's entries may lie within `path`: it is at or below it, or holds it. */
export function mayHold({ dir }: KnownDir, path: SharePath): boolean {
  return isWithin(dir, path) || path.startsWith(dir === '' ? '' : `${dir}/`);
}
