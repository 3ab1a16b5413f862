import { printable } from '../core/share-path.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Recognised, RecognisedIn } from '../ledger/recognised.ts';
import type { Run } from '../ledger/runs.ts';

/** Files that were known again as delivered before, a line for each folder; see `Recognised` for the kinds. */
export type RecognisedLine = {
  readonly kind: Recognised['kind'];
  readonly share: string;
  /** Where they were delivered from; for `retimed` the two are the same. */
  readonly from: string;
  readonly to: string;
  /** The first of the batches that delivered them, for whom and where to. */
  readonly batch: string;
  readonly owner: string;
  readonly destination: string;
  files: number;
  bytes: number;
};

const MAX_LINES = 500;

/** What a run knew again: a moved folder is one line, whatever is below it. */
export function recognisedIn(
  ledger: Pick<Ledger, 'recognised'>,
  run: Pick<Run, 'no'>,
): { readonly recognised: readonly RecognisedLine[]; readonly moreRecognised: number } {
  const lines = new Map<string, RecognisedLine>();
  let more = 0;
  for (const row of ledger.recognised.ofRun(run.no)) {
    const line = lineOf(row);
    const key = JSON.stringify([line.kind, line.share, line.from, line.to, line.owner, line.destination]);
    const known = lines.get(key);
    if (known !== undefined) {
      known.files += line.files;
      known.bytes += line.bytes;
    } else if (lines.size < MAX_LINES) lines.set(key, line);
    else more += 1;
  }
  return { recognised: [...lines.values()], moreRecognised: more };
}

function lineOf({
  kind,
  share,
  dir,
  was,
  files,
  bytes,
  batchId,
  owner,
  destination,
}: RecognisedIn): RecognisedLine {
  const [to, from] = kind === 'retimed' ? [topOf(dir), topOf(was)] : withoutTail(dir, was);
  const names = { from: printable(from), to: printable(to) };
  return { kind, share, ...names, batch: batchId, owner, destination, files, bytes };
}

/** The first two parts: enough to say whose folder of which instrument it is. */
const topOf = (path: string): string => path.split('/').slice(0, 2).join('/');

/** Two paths without what both end in: "a/run1/raw" and "a/run1_old/raw" are a move of "a/run1". */
function withoutTail(dir: string, was: string): [string, string] {
  const [to, from] = [dir.split('/'), was.split('/')];
  while (to.length > 1 && from.length > 1 && to.at(-1) === from.at(-1)) {
    to.pop();
    from.pop();
  }
  return [to.join('/'), from.join('/')];
}
