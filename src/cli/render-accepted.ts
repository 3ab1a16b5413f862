import { count, formatBytes, formatDuration } from '../core/units.ts';
import type { AcceptedLine } from '../nightly/report-deliveries.ts';
import { contentWords } from './render-deliveries.ts';

export const ACCEPTED_TITLE = 'Accepted, and not confirmed yet';

/** What was sent and is not known to be there, and what becomes of it. */
export function acceptedLines(lines: readonly AcceptedLine[], now: number): string[] {
  if (lines.length === 0) return [];
  return [
    ...lines.flatMap((line) => [
      `${contentWords(line)} (${line.owner}), ${count(line.files, 'file')}, ${formatBytes(line.bytes)}: ${accepted(line, now)}`,
      `    → ${line.location} (${line.batch})`,
    ]),
    'Nothing to do: each evening looks for them again. After some days, ask the operator of the platform whether it still works.',
    'What nobody can tell any more (other data went into the container since) is sent again with: nightjar requeue BATCH',
  ];
}

function accepted({ destination, acceptedAt }: AcceptedLine, now: number): string {
  return `accepted ${ago(now - acceptedAt)}, ${destination} has not said that it unpacked it`;
}

function ago(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  return days > 0 ? `${count(days, 'day')} ago` : `${formatDuration(Math.max(1000, ms - (ms % 1000)))} ago`;
}

const DAY_MS = 86_400_000;
