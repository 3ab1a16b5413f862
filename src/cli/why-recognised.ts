import type { Workspace } from '../app/workspace.ts';
import type { ShareConfig } from '../config/config.ts';
import { type RecognisedLine, recognisedIn } from '../nightly/report-recognised.ts';
import type { AskedPath } from './asked-path.ts';
import { moveLines, movesAt } from './explain-moves.ts';
import { lastLook } from './last-look.ts';
import { recognisedLines } from './render-recognised.ts';
import { style } from './style.ts';

/** What the last look at each share knew again: why it was not sent although it looks new. */
export function knownAgain(
  { ledger }: Pick<Workspace, 'ledger'>,
  shares: readonly ShareConfig[],
  owner: string | undefined,
): RecognisedLine[] {
  const runs = new Set(shares.flatMap(({ name }) => lastLook(ledger, name)?.no ?? []));
  const names = new Set<string>(shares.map(({ name }) => name));
  return [...runs]
    .flatMap((no) => recognisedIn(ledger, { no }).recognised)
    .filter((line) => names.has(line.share) && (owner === undefined || line.owner === owner));
}

/** A section of `why`: of the path that is asked about, at any time; else of the last looks. */
export function knownAgainSection(
  { ledger }: Pick<Workspace, 'ledger'>,
  found: readonly RecognisedLine[],
  { asked, out }: { readonly asked: AskedPath | undefined; readonly out: NodeJS.WriteStream },
): string[] {
  const lines = asked === undefined ? recognisedLines({ recognised: found }) : movesOf(ledger, asked);
  return lines.length === 0 ? [] : ['', style(out, 'bold', 'Delivered before, and known again'), ...lines];
}

function movesOf(ledger: Workspace['ledger'], { share, path }: AskedPath): string[] {
  const [asFile, asDir] = [true, false].map((isFile) => movesAt(ledger, share.name, { path, isFile }));
  return [
    ...(asDir === undefined ? [] : moveLines(asDir)),
    ...(asFile === undefined ? [] : moveLines(asFile)),
  ];
}
