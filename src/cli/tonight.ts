import type { Config } from '../config/config.ts';
import { quoted } from '../core/share-path.ts';
import { count, formatDuration } from '../core/units.ts';
import type { Verdict } from '../nightly/judge.ts';
import { newTally } from '../nightly/tally.ts';
import { nextEvening } from '../schedule/evenings.ts';
import type { Explanation, KnownFile } from './explain-path.ts';
import { clockTime } from './style.ts';

/** One sentence: what the next evening does with it if nothing changes. */
export function tonight(
  explanation: Explanation,
  config: Pick<Config, 'schedule' | 'settleWaitMs'>,
  now: number,
): string {
  const at = nextEvening(config.schedule, now);
  const evening = `the evening of ${clockTime(at, now)}`;
  const { file, assignment, kind } = explanation;
  if (kind === 'directory' && explanation.tally === undefined)
    return `Nothing for now: it could not be listed, so nobody knows what is there. Once it can be listed it is looked at anew.`;
  if (kind === 'directory') return ofDirectory(explanation, evening);
  if (file === undefined) return firstLook(assignment, { evening, settleWaitMs: config.settleWaitMs });
  if (file.unknown !== undefined)
    return `Nothing for now: ${file.unknown}, so nobody knows whether it is there. Once it can be listed it is looked at anew.`;
  if (file.gone)
    return `Nothing: the last look did not see it any more. If it comes back it is looked at anew.`;
  return ofFile(file, { evening, latest: at + config.settleWaitMs, now });
}

/** What of it goes, and what does not without a person. */
function ofDirectory({ share, path, tally }: Explanation, evening: string): string {
  const { waiting, notSettled, unreadable, held, rejected } = tally?.buckets ?? newTally().buckets;
  const parts = [
    said(waiting, ['goes', 'go']),
    said(notSettled, ['goes once its dataset has settled', 'go once their datasets have settled']),
    said(unreadable, ['is tried again', 'are tried again']),
  ].filter((part) => part !== '');
  const goes = parts.length === 0 ? 'nothing of it goes' : parts.join(', ');
  const stuck = said({ files: held.files + rejected.files }, ['waits for a person', 'wait for a person']);
  if (parts.length === 0 && stuck === '') return 'Nothing: what is there is delivered or left out.';
  const why = stuck === '' ? '' : `; ${stuck}: nightjar why ${quoted(`${share}:${path}`)}`;
  return `In ${evening} ${goes}${why}.`;
}

function said({ files }: { readonly files: number }, [one, many]: readonly [string, string]): string {
  return files === 0 ? '' : `${count(files, 'file')} ${files === 1 ? one : many}`;
}

function firstLook(
  assignment: Explanation['assignment'],
  { evening, settleWaitMs }: { readonly evening: string; readonly settleWaitMs: number },
): string {
  if (assignment.kind === 'excluded') return `Nothing: it would be left out (${assignment.reason}).`;
  if (assignment.kind === 'byHand') return `Nothing: ${assignment.reason}.`;
  if (assignment.kind === 'held')
    return `If it is there, it would be held for a person: ${assignment.reason}.`;
  const { settleMs, owner, destination } = assignment;
  const settle = formatDuration(settleMs);
  return settleMs <= settleWaitMs
    ? `If it is there, ${evening} gives it a first look, and sends it to ${destination} for ${owner} once it has looked the same for ${settle}.`
    : `If it is there, ${evening} gives it a first look; it goes to ${destination} for ${owner} in a later one, as it must look the same for ${settle}.`;
}

type Evening = { readonly evening: string; readonly latest: number; readonly now: number };

const ofFile = ({ verdict }: KnownFile, evening: Evening): string => SAID[verdict.bucket](verdict, evening);

const delivered = ({ batch }: Verdict): string =>
  `Nothing: it is delivered (${batch?.state ?? 'and the batch is not known any more'}). Should it change, the new version goes beside it.`;

/** What becomes of a file by its bucket. */
const SAID: Readonly<Record<Verdict['bucket'], (verdict: Verdict, evening: Evening) => string>> = {
  delivered,
  unchanged: delivered,
  held: ({ earliest, reason }, { now }) =>
    earliest === undefined
      ? `Nothing until a person decides: ${reason}.`
      : `Nothing before ${clockTime(earliest, now)}: ${reason}.`,
  rejected: ({ reason }) => `Nothing: it cannot be taken as it is. ${reason}`,
  excluded: ({ reason }) => `Nothing: it is left out (${reason}).`,
  byHand: ({ reason }) => `Nothing: ${reason}.`,
  unreadable: ({ reason }, { evening }) => `In ${evening} it is tried again: ${reason}.`,
  notSettled: ({ earliest, reason }, { evening, latest, now }) => {
    if (earliest === undefined) return `Nothing yet: ${reason}.`;
    return earliest <= latest
      ? `It goes in ${evening}, if nothing of its dataset changes until ${clockTime(earliest, now)}.`
      : `Nothing yet: it can go from ${clockTime(earliest, now)} on, if nothing of its dataset changes.`;
  },
  waiting: ({ reason }, { evening }) =>
    `It goes as soon as deliveries run, in ${evening} at the latest: ${reason}.`,
  ready: ({ owner }, { evening }) => `It goes in ${evening}, for ${owner}.`,
};
