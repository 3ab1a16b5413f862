import type { ShareName } from '../core/ids.ts';
import { parentOf, printable, type SharePath } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { RecognisedIn } from '../ledger/recognised.ts';

/** What was known again in a directory, and what of it was known again elsewhere; newest first. */
export type Moves = { readonly into: readonly RecognisedIn[]; readonly outOf: readonly RecognisedIn[] };

const SHOWN = 5;

/** For a file: of its directory. */
export function movesAt(
  { recognised }: Pick<Ledger, 'recognised'>,
  share: ShareName,
  { path, isFile }: { readonly path: SharePath; readonly isFile: boolean },
): Moves {
  const dir = isFile ? parentOf(path) : path;
  return {
    into: recognised.into(share, dir).slice(0, SHOWN),
    outOf: recognised
      .outOf(share, dir)
      .filter(({ kind }) => kind !== 'retimed')
      .slice(0, SHOWN),
  };
}

export function moveLines({ into, outOf }: Moves): string[] {
  return [...into.map((row) => `  Moved  ${cameIn(row)}`), ...outOf.map((row) => `  Moved  ${wentOut(row)}`)];
}

function cameIn({ kind, was, batchId, owner, destination, files }: RecognisedIn): string {
  const amount = count(files, 'file');
  switch (kind) {
    case 'moved':
      return `${amount} of this folder moved from ${printable(was)}, delivered there as ${batchId} for ${owner}: not sent again`;
    case 'retimed':
      return `${amount} of this folder got another time but kept their content: not sent again (${batchId})`;
    case 'given-over':
      return `${amount} of this folder look like those delivered from ${printable(was)} for ${owner} (${destination}) as ${batchId}`;
  }
}

function wentOut({ dir, batchId, files }: RecognisedIn): string {
  return `${count(files, 'file')} of this folder are in ${printable(dir)} now; delivered from here as ${batchId}`;
}

/** The JSON form (docs/json.md). */
export function movesJson({ into, outOf }: Moves): object {
  return { into: into.map(rowJson), outOf: outOf.map(rowJson) };
}

function rowJson({ dir, was, batchId, ...row }: RecognisedIn): object {
  const { kind, at, owner, destination, files, bytes } = row;
  const places = { from: printable(was), to: printable(dir), batch: batchId };
  return { kind, at, ...places, owner, destination, files, bytes };
}
