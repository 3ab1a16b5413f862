import type { Standing } from '../app/standing.ts';
import type { Workspace } from '../app/workspace.ts';
import type { Assignment, Entry } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import type { FileState } from '../core/states.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { FoundByHand } from '../ledger/by-hand.ts';
import type { LedgerEvent } from '../ledger/events.ts';
import type { Mark } from '../ledger/facts.ts';
import type { FoundEntry } from '../ledger/looks.ts';
import { type JudgeParts, judge, judgeParts, type Verdict } from '../nightly/judge.ts';
import { keptDatasets } from '../nightly/kept-datasets.ts';
import type { Amount, Tally } from '../nightly/tally.ts';
import type { Trace } from '../ownership/trace-rules.ts';
import { isSettled } from '../share/settle.ts';
import type { AskedPath } from './asked-path.ts';
import { type Moves, movesAt } from './explain-moves.ts';
import { lookWithin, mayBeTaken, type Within } from './explain-within.ts';
import { type LookedAt, lastLook, lookedAt } from './last-look.ts';
import { suggestionFor } from './suggestion.ts';
import { amountUnknown, whereabouts } from './whereabouts.ts';

/** A file as the ledger knows it. Times in ms since 1970. */
export type KnownFile = {
  readonly state: FileState;
  readonly verdict: Verdict;
  /** The path it is, was or would be delivered under, where that is not its own. */
  readonly as: SharePath | undefined;
  /** First look at which it was as it is now. */
  readonly since: number;
  readonly lookedAt: number;
  /** The last look at the share did not see its directory any more. */
  readonly gone: boolean;
  /** Why the last look could not tell whether it is there. */
  readonly unknown: string | undefined;
  /** The container it was delivered into was lost since, and may have taken it along. */
  readonly inDoubt: boolean;
  readonly history: readonly LedgerEvent[];
  /** The batch that held an earlier version of it. */
  readonly prior: BatchHead | undefined;
};

/** All there is to say about a path. `tally` for a directory, `file` for a file that a look has seen. */
export type Explanation = {
  readonly share: string;
  readonly path: SharePath;
  readonly kind: 'file' | 'directory' | 'never-seen';
  /** For a directory: of the first file in it. */
  readonly trace: Trace;
  /** What control files and people said of it. */
  readonly standing: Standing;
  /** Whose it is after all that. */
  readonly assignment: Assignment;
  /** Who may be meant by a name that nobody has, and what speaks for it. */
  readonly suggestion: string | undefined;
  readonly file: KnownFile | undefined;
  readonly tally: Tally | undefined;
  /** Of a directory: what of it is said dataset by dataset. */
  readonly within: Pick<Within, 'byHand' | 'inDoubt'> | undefined;
  readonly moves: Moves;
  /** What of its dataset was found uploaded by hand. */
  readonly byHand: FoundByHand | undefined;
  /** Of a directory: what the last look could not reach. It is neither seen nor gone, and not in `tally`. */
  readonly unknown: Amount | undefined;
  /** When the share was last looked at (undefined: never), and what is wrong with it. */
  readonly lookedAt: number | undefined;
  readonly looked: LookedAt;
};

/** Explains a path from the mapping and the ledger; the share itself is not touched. */
export function explainPath(workspace: Workspace, { share, path }: AskedPath): Explanation {
  const { ledger } = workspace;
  const looked = lookedAt(ledger, share.name);
  const asked = { share: share.name, lookedAt: looked.at, looked };
  const known = path === '' ? undefined : ledger.looks.find(share.name, path);
  if (known !== undefined) {
    const file = knownFile(workspace, { share, path }, known);
    const said = saidOf(workspace, { share, path }, known.entry);
    const moves = movesAt(ledger, share.name, { path, isFile: true });
    const none = { tally: undefined, within: undefined, unknown: undefined };
    return { ...asked, path, kind: 'file', ...said, moves, file, ...none };
  }
  const within = lookWithin(workspace, { share, path });
  const first = within?.first ?? path;
  const said = saidOf(workspace, { share, path: first }, ledger.looks.find(share.name, first)?.entry);
  const unknown = amountUnknown(ledger, share.name, path);
  const kind = within === undefined && unknown === undefined ? 'never-seen' : 'directory';
  const moves = movesAt(ledger, share.name, { path, isFile: false });
  return { ...asked, path, kind, ...said, moves, file: undefined, tally: within?.tally, within, unknown };
}

/** The rules tried, what else was said of the path, and what all of it comes to. */
function saidOf(
  { trace, assign, standing, ledger }: Workspace,
  { share, path }: AskedPath,
  entry?: Entry,
): Pick<Explanation, 'trace' | 'standing' | 'assignment' | 'suggestion' | 'byHand'> {
  const assignment = assign(share.name, path, entry);
  const at = { ...assignment, share: share.name };
  return {
    byHand: at.kind === 'owned' ? ledger.byHand.find(at) : undefined,
    trace: trace(path, { share: share.name, entry }),
    standing: standing(share.name, path),
    assignment,
    suggestion: suggestionFor(assignment, ledger),
  };
}

function knownFile(workspace: Workspace, { share, path }: AskedPath, known: FoundEntry): KnownFile {
  const { ledger } = workspace;
  const run = lastLook(ledger, share.name);
  const judging = judgeParts(workspace, { since: run?.startedAt ?? known.lookedAt });
  const kept = keptDatasets(judging, share.name, run?.no);
  const dir = path.slice(0, Math.max(0, path.lastIndexOf('/'))) as SharePath;
  const verdict = judge(judging, share.name, { dir, known, kept });
  const { facts, lookedAt } = known;
  const assignment = workspace.assign(share.name, path, known.entry);
  const settleMs = assignment.kind === 'owned' ? assignment.settleMs : 0;
  return {
    state: stateOf(verdict, { since: facts.since, lookedAt }, settleMs),
    verdict,
    as: deliveredAs(judging, verdict, facts.mark),
    since: facts.since,
    lookedAt,
    ...whereabouts(ledger, { share: share.name, path }, known),
    inDoubt: mayBeTaken(ledger, verdict.batch),
    history: verdict.batch === undefined ? [] : ledger.history(verdict.batch.id),
    prior: facts.prior === 0 ? undefined : ledger.batches.headByNo(facts.prior),
  };
}

/** Of what was delivered on an earlier evening too, of which verdicts do not tell. */
function deliveredAs({ names }: JudgeParts, verdict: Verdict, mark: Mark): SharePath | undefined {
  const { as, batch, path } = verdict;
  return as ?? (batch === undefined || mark === 'moved' ? undefined : names.planned(batch, path));
}

/** The rung of the ladder: the batch's where one holds it, else how far the file itself has come. */
export function stateOf(
  { bucket, batch }: Pick<Verdict, 'bucket' | 'batch'>,
  looks: { readonly since: number; readonly lookedAt: number },
  settleMs: number,
): FileState {
  if (batch !== undefined) return batch.state;
  switch (bucket) {
    case 'held':
    case 'rejected':
    case 'excluded':
    case 'unreadable':
      return bucket;
    case 'byHand':
      return 'by-hand';
    case 'notSettled':
      // By itself it may have settled: then the rest of its dataset has not.
      return isSettled(looks, settleMs) ? 'settled' : 'seen';
    default:
      return 'mapped';
  }
}
