import type { OwnerId } from '../core/ids.ts';
import { printable } from '../core/share-path.ts';
import { count, formatBytes } from '../core/units.ts';
import type { AskedPath } from './asked-path.ts';
import type { Claimables } from './select-claim.ts';
import { columns } from './style.ts';

export type ClaimView = {
  readonly asked: AskedPath;
  readonly owner: OwnerId;
  readonly found: Claimables;
  /** Lines for folders.yaml. */
  readonly rules: readonly string[];
};

type Amount = { readonly files: number; readonly bytes: number };

/** What would be delivered again, where it lies now, and what cannot be. */
export function renderClaim({ owner, found }: ClaimView): string {
  const rows = found.batches.map(({ head, files, bytes }) => [
    ...[head.id, printable(head.dataset), count(files, 'file'), formatBytes(bytes)],
    `lies at ${printable(head.receipt?.location ?? head.destination)}`,
  ]);
  return [
    ...columns(rows, [2, 3]),
    `For ${owner}: ${said(totalOf(found))} as the collector has them${also(found.changed, ', and ', ' that changed since')}.`,
    ...line(found.changed, 'of these changed on the share: the version there now goes, once it has settled'),
    ...line(found.notSeen, 'of these the last look could not see: they go when they are seen again'),
    ...line(found.vanished, 'are not on the share any more: only the copy of the collector is left'),
    ...line(found.already, 'are claimed already'),
    ...[...found.others].map(
      ([name, amount]) => `${said(amount)} there are of ${name}: they are left alone.`,
    ),
  ].join('\n');
}

const said = ({ files, bytes }: Amount): string => `${count(files, 'file')}, ${formatBytes(bytes)}`;
const also = (amount: Amount, before: string, after: string): string =>
  amount.files === 0 ? '' : `${before}${said(amount)}${after}`;
const line = (amount: Amount, what: string): string[] =>
  amount.files === 0 ? [] : [`${said(amount)} ${what}.`];

function totalOf({ batches }: Claimables): Amount {
  return {
    files: batches.reduce((sum, { files }) => sum + files, 0),
    bytes: batches.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** What was done, and the lines that make it so the next time. */
export function renderClaimed({ owner, found, rules }: ClaimView, done: boolean): string {
  if (found.batches.length === 0) return 'Nothing was changed: all of it is claimed already.';
  return [
    done
      ? `Claimed for ${owner}. The next run sends it, in new batches; \`nightjar run\` does so now. The copy of the collector stays.`
      : 'Nothing was changed: add --yes to do it.',
    ...(rules.length === 0
      ? ['New datasets go to the collector as before, until a rule of folders.yaml says whose they are.']
      : ['', 'So that it needs no claim the next time, put this at the top of `rules:` in folders.yaml:']),
    ...rules.map((rule) => `  ${rule}`),
  ].join('\n');
}

/** The JSON form (docs/json.md). */
export function claimJson({ asked, owner, found, rules }: ClaimView, done: boolean): object {
  const { batches, changed, notSeen, vanished, already, others } = found;
  const total = totalOf(found);
  return {
    ...{ format: 1, done, share: asked.share.name, path: printable(asked.path), owner },
    files: total.files + changed.files,
    bytes: total.bytes + changed.bytes,
    batches: batches.map(({ head, files, bytes }) => ({
      ...{ batch: head.id, dataset: printable(head.dataset), files, bytes },
      location: head.receipt?.location ?? null,
    })),
    ...{ changed, notSeen, vanished, already, others: Object.fromEntries(others), rules },
  };
}
