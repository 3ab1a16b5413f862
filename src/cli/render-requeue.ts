import { printable, quoted } from '../core/share-path.ts';
import { isDelivered } from '../core/states.ts';
import { count, formatBytes } from '../core/units.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { RequeueResult } from '../ledger/requeues.ts';
import type { CliContext } from './context.ts';
import type { PutBack } from './put-back.ts';
import { pausesJson } from './render-pauses.ts';
import type { Selection } from './select-batches.ts';
import { columns, style } from './style.ts';

const SHOWN = 200;

/** What would be put back, as a table. */
export function renderPreview(
  { batches, skipped, refused, unplanned }: Selection,
  { out }: CliContext,
): string {
  const head = ['batch', 'owner', 'dataset', 'files', 'bytes', 'state', 'code'];
  const rows = batches
    .slice(0, SHOWN)
    .map(({ id, owner, dataset, files, bytes, state, error }) => [
      ...[id, owner, printable(dataset), String(files), formatBytes(bytes)],
      ...[state, error?.code ?? ''],
    ]);
  const again = batches.filter(({ state }) => isDelivered(state));
  return [
    ...(rows.length === 0 ? [] : columns([head, ...rows], [3, 4])),
    ...(batches.length > SHOWN ? [`… and ${batches.length - SHOWN} more`] : []),
    totals(batches),
    ...(unplanned === undefined || unplanned.files === 0 ? [] : [sayUnplanned(unplanned)]),
    ...(refused.length === 0 ? [] : [`${count(refused.length, 'refused file')} will be planned again.`]),
    ...skipped.map(({ id, state }) => `${id} is ${state}: there is nothing to put back.`),
    ...(again.length === 0 ? [] : [style(out, 'yellow', warning(again))]),
  ].join('\n');
}

function sayUnplanned({ place, files }: NonNullable<Selection['unplanned']>): string {
  const what = `${count(files, 'file')} there ${files === 1 ? 'is' : 'are'} in no batch`;
  return `${what}: nightjar why ${quoted(place)} says what keeps ${files === 1 ? 'it' : 'them'}.`;
}

function warning(again: readonly BatchHead[]): string {
  const isOne = again.length === 1;
  const sent = isOne ? 'is delivered: it is sent' : 'are delivered: they are sent';
  return `${count(again.length, 'batch', 'batches')} of these ${sent} again and ${isOne ? 'replaces' : 'replace'} what is there; nothing is doubled.`;
}

function totals(batches: readonly BatchHead[]): string {
  if (batches.length === 0) return 'No batch matches.';
  const files = batches.reduce((sum, head) => sum + head.files, 0);
  const bytes = batches.reduce((sum, head) => sum + head.bytes, 0);
  return `${count(batches.length, 'batch', 'batches')}, ${count(files, 'file')}, ${formatBytes(bytes)}`;
}

/** What was done; `undefined`: nothing. */
export function renderPutBack(selection: Selection, done: PutBack | undefined, dryRun: boolean): string {
  if (done !== undefined)
    return [
      `Requeued ${count(done.requeued.length, 'batch', 'batches')}, skipped ${done.skipped.length}.`,
      ...(done.refused === 0 ? [] : [`${count(done.refused, 'refused file')} may be planned again.`]),
      ...done.lifted.map(
        ({ kind, name, code }) => `Lifted the pause of ${kind} ${name} that ${code ?? ''} had made.`,
      ),
      'They go at once if a daemon runs, else with the next run.',
    ].join('\n');
  const nothing = selection.batches.length + selection.refused.length === 0;
  return dryRun || nothing ? 'Nothing was changed.' : 'Nothing was changed: add --yes to do it.';
}

/** The JSON form (docs/json.md). */
export function requeueJson(
  selection: Selection,
  done: PutBack | undefined,
  last: readonly RequeueResult[],
): object {
  return {
    format: 1,
    done: done !== undefined,
    batches: selection.batches.map(({ id, owner, destination, dataset, files, bytes, state, error }) => ({
      ...{ batch: id, owner, destination, dataset: printable(dataset), files, bytes, state },
      ...(error === undefined ? {} : { code: error.code }),
    })),
    refusedFiles: selection.refused.map(({ share, path }) => `${share}:${printable(path)}`),
    requeued: done?.requeued.map(({ id }) => id) ?? [],
    skipped: (done?.skipped ?? selection.skipped).map(({ id, state }) => ({ batch: id, state })),
    lifted: pausesJson(done?.lifted ?? []),
    last,
  };
}
