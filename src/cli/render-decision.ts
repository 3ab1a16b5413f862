import type { Decision } from '../core/decision.ts';
import type { ShareName } from '../core/ids.ts';
import { printable } from '../core/share-path.ts';
import { count, formatBytes } from '../core/units.ts';
import { sayDecision } from '../ownership/narrow.ts';
import type { ByBucket, DecisionPreview } from './preview-decision.ts';
import type { GoneOn } from './record-decision.ts';
import { columns } from './style.ts';

const WORDS: Readonly<Record<string, string>> = {
  ready: 'goes with the next run',
  notSettled: 'not settled',
  byHand: 'by hand',
};

/** What is, and what would be. */
export function renderDecision({ asked, decision, before, after, stays, batches }: DecisionPreview): string {
  const verb = decision.kind === 'force' ? 'forced' : 'excluded';
  return [
    `${asked.share.name}:${printable(asked.path)}, ${sayAmounts(before)}`,
    ...columns([...rows('Now', before), ...rows(`If ${verb}`, after)]).map((line) => `  ${line}`),
    ...(batches.length === 0
      ? []
      : [
          `${count(batches.length, 'batch', 'batches')} not sent yet would be planned again without these files.`,
        ]),
    ...(stays.length === 0 ? [] : [`What it does not change: ${stays.join('; ')}.`]),
  ].join('\n');
}

function rows(what: string, amounts: ByBucket): string[][] {
  return Object.entries(amounts).map(([bucket, { files, bytes }], at) => [
    at === 0 ? what : '',
    WORDS[bucket] ?? bucket,
    count(files, 'file'),
    formatBytes(bytes),
  ]);
}

function sayAmounts(amounts: ByBucket): string {
  const all = Object.values(amounts);
  const files = all.reduce((sum, amount) => sum + amount.files, 0);
  return `${count(files, 'file')}, ${formatBytes(all.reduce((sum, { bytes }) => sum + bytes, 0))}`;
}

/** The JSON form (docs/json.md). */
export function decisionJson(preview: DecisionPreview, done: boolean, goneOn: GoneOn): object {
  const { asked, decision, before, after, batches, stays, changes } = preview;
  return {
    ...{ format: 1, done, share: asked.share.name, changes },
    ...{ ...decision, path: printable(decision.path) },
    ...{ before, after, batches: batches.length, stays },
    wentOn: goneOn.map(({ id, state }) => ({ batch: id, state })),
  };
}

type InForce = readonly { readonly share: ShareName; readonly decision: Decision }[];

export function renderDecisions(kind: Decision['kind'], inForce: InForce): string {
  if (inForce.length === 0) return kind === 'force' ? 'Nothing is forced.' : 'Nothing is excluded by hand.';
  return inForce
    .map(({ share, decision }) => `${share}:${printable(decision.path)}  ${printable(sayDecision(decision))}`)
    .join('\n');
}

export function decisionsJson(inForce: InForce): object {
  return {
    format: 1,
    decisions: inForce.map(({ share, decision }) => ({ share, ...decision, path: printable(decision.path) })),
  };
}
