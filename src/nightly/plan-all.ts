import type { ShareName } from '../core/ids.ts';
import type { BatchPlan } from '../core/model.ts';
import type { Run } from '../ledger/runs.ts';
import { findByHand } from './find-by-hand.ts';
import type { NightlyParts } from './parts.ts';
import { planShare } from './plan-share.ts';
import { resolveOwners } from './resolve-owners.ts';
import { filesToTry, tryFiles } from './try-files.ts';

/**
 * Asks first whose the datasets are, where the path alone does not say it, and whether they are uploaded by hand.
 * Plans everything that is settled, complete, owned and in no batch; each batch is recorded, then the dispatcher is told.
 * Batches are recorded in pieces: a directory of a hundred thousand files is then written once, not once a batch.
 * Answers how many batches it has planned.
 */
export async function planAll(
  parts: NightlyParts,
  run: Run,
  shares: readonly ShareName[],
  signal: AbortSignal,
): Promise<number> {
  let batches = 0;
  for (const name of shares) {
    await resolveOwners(parts, name, run, signal);
    const target = parts.shares.find((share) => share.name === name);
    const paths = filesToTry(parts, name, run);
    if (target !== undefined && paths.length > 0) await tryFiles(parts, target, paths, signal);
    await findByHand(parts, name, run, signal);
    for (const piece of pieces(planShare(parts, name, run), parts.clock.monotonic)) {
      signal.throwIfAborted();
      record(parts, run, piece);
      batches += piece.length;
      // Deliveries that run meanwhile need the event loop, and so does Redis.
      await parts.clock.sleep(0);
    }
  }
  return batches;
}

function record(parts: NightlyParts, run: Run, piece: readonly BatchPlan[]): void {
  const at = parts.clock.now();
  parts.ledger.batches.planAll(
    piece.map((plan) => ({ plan, planned: { lane: parts.laneOf(plan, at), at, runNo: run.no } })),
  );
  for (const plan of piece) parts.emit({ name: 'batch.planned', plan });
  parts.wake();
}

/** From this many files on a piece is recorded even in the middle of a dataset: memory stays flat. */
const PIECE_FILES = 100_000;
/** After so long a piece ends with its dataset: the first batches go on their way while others are planned, ms. */
const PIECE_MS = 20;

/** Batches in pieces that are worth a transaction each; a dataset stays together where it can. */
export function* pieces(
  plans: Iterable<BatchPlan>,
  monotonic: () => number,
): Generator<readonly BatchPlan[], void> {
  let piece: BatchPlan[] = [];
  let files = 0;
  let since = monotonic();
  for (const plan of plans) {
    const isNext = piece.at(-1)?.dataset !== plan.dataset && monotonic() - since >= PIECE_MS;
    if (piece.length > 0 && (isNext || files + plan.files.length > PIECE_FILES)) {
      yield piece;
      [piece, files, since] = [[], 0, monotonic()];
    }
    piece.push(plan);
    files += plan.files.length;
  }
  if (piece.length > 0) yield piece;
}
