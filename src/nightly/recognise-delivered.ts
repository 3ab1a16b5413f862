import { asIngestError } from '../core/errors.ts';
import type { ShareName } from '../core/ids.ts';
import type { Run } from '../ledger/runs.ts';
import { type Claim, type CompareParts, claimsOf, holdTrue, recordCompared } from './compare-content.ts';
import { isOurs } from './is-ours.ts';
import type { NightlyParts } from './parts.ts';
import { findMoves } from './recognise-moves.ts';
import { resolveOwners } from './resolve-owners.ts';

/** What is left of the evening's time for reading files to compare them; ms. */
export type CompareBudget = { leftMs: number };

/**
 * Tells by content what only looks new: files of folders that were moved or renamed, and delivered files of which only
 * the time is another. What has not been compared when the time is used up waits, and is not sent meanwhile.
 */
export async function recogniseDelivered(
  parts: NightlyParts,
  run: Run,
  shares: readonly ShareName[],
  limits: { readonly budget: CompareBudget; readonly signal: AbortSignal },
): Promise<void> {
  for (const share of shares) {
    // Whose it is has to be known first: what is asked later would be planned without being compared.
    await resolveOwners(parts, share, run, limits.signal);
    findMoves(parts, share, run);
    const seen = survey(claimsOf(parts, share, run));
    if (seen.files === 0) continue;
    const { files, bytes } = seen;
    parts.emit({ name: 'content.comparing', share, files, bytes, limitMs: limits.budget.leftMs });
    try {
      if (seen.retimed > SAMPLE) await trySample(parts, share, run, { ...seen, signal: limits.signal });
      await compareAll(parts, share, run, { ...limits, files });
    } catch (thrown) {
      limits.signal.throwIfAborted();
      const error = asIngestError(thrown, `compare files of share ${share}`);
      if (isOurs(error)) throw error;
      parts.emit({ name: 'content.failed', share, error });
    }
  }
}

/** So many files with only another time are each compared; of more, so many are compared before the rest is read. */
export const SAMPLE = 50;

type Survey = {
  readonly files: number;
  readonly bytes: number;
  readonly retimed: number;
  readonly sample: readonly Claim[];
};

/** Counts, and picks the sample: the files with the lowest hash of their path, anywhere on the share. */
function survey(claims: Iterable<Claim>): Survey {
  let [files, bytes, retimed] = [0, 0, 0];
  let sample: { readonly claim: Claim; readonly rank: number }[] = [];
  for (const claim of claims) {
    files += 1;
    bytes += claim.file.size;
    if (claim.kind !== 'retimed') continue;
    retimed += 1;
    sample.push({ claim, rank: rankOf(claim.file.path) });
    if (sample.length >= 2 * SAMPLE) sample = lowest(sample);
  }
  return { files, bytes, retimed, sample: lowest(sample).map(({ claim }) => claim) };
}

const lowest = <T extends { readonly rank: number }>(ranked: readonly T[]): T[] =>
  ranked.toSorted((a, b) => a.rank - b.rank).slice(0, SAMPLE);

/** FNV-1a: spreads the sample over the share, the same way every evening. */
function rankOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** When one file of the sample has another content, the files were written and not restored: all are ordinary changes. */
async function trySample(
  parts: CompareParts,
  share: ShareName,
  run: Run,
  { sample, signal }: Survey & { readonly signal: AbortSignal },
): Promise<void> {
  const { same, unread } = await holdTrue(parts, share, sample, signal);
  if (same.size + unread.size === sample.length) return;
  const when = { at: parts.clock.now(), runNo: run.no };
  for (const claims of pieces(claimsOf(parts, share, run)))
    recordCompared(
      parts.ledger,
      share,
      { claims: claims.filter(({ kind }) => kind === 'retimed'), same: new Set(), unread: new Set() },
      when,
    );
}

type Limits = {
  readonly budget: CompareBudget;
  readonly signal: AbortSignal;
  readonly files: number;
};

async function compareAll(
  parts: CompareParts,
  share: ShareName,
  run: Run,
  { budget, signal, files }: Limits,
): Promise<void> {
  const { clock, emit, ledger } = parts;
  let [same, read, bytes] = [0, 0, 0];
  for (const claims of pieces(claimsOf(parts, share, run))) {
    if (budget.leftMs <= 0) break;
    const began = clock.monotonic();
    const found = await holdTrue(parts, share, claims, signal);
    recordCompared(ledger, share, { claims, ...found }, { at: clock.now(), runNo: run.no });
    budget.leftMs -= clock.monotonic() - began;
    same += found.same.size;
    read += claims.length;
    bytes += claims.reduce((sum, { file }) => sum + file.size, 0);
    emit({ name: 'content.progress', share, files: read, bytes });
  }
  emit({ name: 'content.compared', share, same, different: read - same, left: files - read });
}

/** A piece is read, and recorded, at once: so much work is lost at most when the run is stopped. */
const PIECE_FILES = 500;
const PIECE_BYTES = 256 * 1024 * 1024;

function* pieces(claims: Iterable<Claim>): Generator<readonly Claim[], void> {
  let piece: Claim[] = [];
  let bytes = 0;
  for (const claim of claims) {
    piece.push(claim);
    bytes += claim.file.size;
    if (piece.length < PIECE_FILES && bytes < PIECE_BYTES) continue;
    yield piece;
    [piece, bytes] = [[], 0];
  }
  if (piece.length > 0) yield piece;
}
