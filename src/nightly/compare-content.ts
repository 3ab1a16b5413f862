import type { ShareName } from '../core/ids.ts';
import type { PlannedFile } from '../core/model.ts';
import { joinPath, nameOf, parentOf, type SharePath } from '../core/share-path.ts';
import { isToCompare } from '../ledger/facts.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Run } from '../ledger/runs.ts';
import type { Source } from '../ledger/vanished.ts';
import { judge, judgeParts } from './judge.ts';
import { keptDatasets } from './kept-datasets.ts';
import type { NightlyParts } from './parts.ts';
import { sourceFinder } from './source-of.ts';

/** A file that may be what a batch delivered from `was`; only its content can tell. */
export type Claim = {
  readonly kind: 'moved' | 'retimed';
  readonly file: PlannedFile;
  readonly was: SharePath;
  /** Number of the batch; 0 when none is known any more. */
  readonly batch: number;
};

export type CompareParts = Pick<
  NightlyParts,
  'ledger' | 'assign' | 'limitsOf' | 'clock' | 'hashFiles' | 'emit'
>;

/** The settled files of a share that are to be compared, directory by directory. */
export function* claimsOf(
  parts: Pick<CompareParts, 'ledger' | 'assign' | 'limitsOf' | 'clock'>,
  share: ShareName,
  run: Pick<Run, 'no' | 'since'>,
): Generator<Claim> {
  const { looks } = parts.ledger;
  const judging = judgeParts(parts, run);
  let kept: ReturnType<typeof keptDatasets> | undefined;
  for (const { dir, entries } of looks.open(share, run.no)) {
    const marked = entries.filter(({ facts }) => isToCompare(facts.mark));
    if (marked.length === 0) continue;
    kept ??= keptDatasets(judging, share, run.no);
    const was = judging.recognised.expected(share, dir);
    const sourceOf = sourceFinder(parts.ledger, share, was ?? dir);
    for (const known of marked) {
      const { toCompare: file } = judge(judging, share, { dir, known, kept });
      if (file === undefined) continue;
      const { name } = known.entry;
      const { mark, prior } = known.facts;
      if (mark === 'retimed') {
        const origin = judging.recognised.origin(share, dir, prior) ?? dir;
        yield { kind: 'retimed', file, was: joinPath(origin, name), batch: prior };
      } else yield movedClaim(file, was === undefined ? undefined : sourceOf(name));
    }
  }
}

function movedClaim(file: PlannedFile, source: Source | undefined): Claim {
  const { was = parentOf(file.path), batch = 0 } = source ?? {};
  return { kind: 'moved', file, was: joinPath(was, nameOf(file.path)), batch };
}

/** `same`: the file has the content that the batch delivered; `unread`: nobody knows, as it could not be read. */
export type Compared = { readonly same: ReadonlySet<Claim>; readonly unread: ReadonlySet<Claim> };

/** Which of the claims are true. Reads every one of them. */
export async function holdTrue(
  parts: CompareParts,
  share: ShareName,
  claims: readonly Claim[],
  signal: AbortSignal,
): Promise<Compared> {
  const delivered = parts.ledger.deliveredContent();
  const expected = new Map<Claim, readonly Uint8Array[]>();
  for (const claim of claims) {
    // The batch lists its files as they lay when it was planned, and they may have been moved more than once since.
    const hashes = pathsOf(parts.ledger, share, claim).flatMap((path) => {
      const content = delivered(claim.batch, path);
      return content?.size === claim.file.size ? [content.sha256] : [];
    });
    if (hashes.length > 0) expected.set(claim, hashes);
  }
  const files = [...expected.keys()].map(({ file }) => file);
  const hashes =
    files.length === 0
      ? new Map<SharePath, Uint8Array | 'unreadable'>()
      : await parts.hashFiles(share, files, signal);
  const isSame = (claim: Claim): boolean => {
    const is = hashes.get(claim.file.path);
    if (is === undefined || is === 'unreadable') return false;
    return expected.get(claim)?.some((was) => Buffer.compare(is, was) === 0) === true;
  };
  return {
    same: new Set(claims.filter(isSame)),
    unread: new Set(claims.filter(({ file }) => hashes.get(file.path) === 'unreadable')),
  };
}

/** Every path that the batch may have delivered the file of a claim from, the nearest first. */
function pathsOf({ recognised }: Ledger, share: ShareName, { was, batch }: Claim): SharePath[] {
  const [dir, name] = [parentOf(was), nameOf(was)];
  return [was, ...recognised.cameFrom(share, dir, batch).map((earlier) => joinPath(earlier, name))];
}

/**
 * Records what a comparison found: true claims keep their delivered batch, the others are planned like new files. What
 * could not be read keeps its mark, is told as unreadable, and is compared by the next run: sent as new, it would be there twice.
 */
export function recordCompared(
  ledger: Ledger,
  share: ShareName,
  found: Compared & { readonly claims: readonly Claim[] },
  when: { readonly at: number; readonly runNo: number },
): void {
  const byPath = new Map(found.claims.map((claim) => [claim.file.path, claim]));
  ledger.transaction(() => {
    ledger.looks.assign(share, byPath.keys(), (facts, path) => {
      const claim = byPath.get(path);
      // What was planned or seen to change meanwhile is no longer what was compared.
      if (claim === undefined || facts.batch !== 0 || !isToCompare(facts.mark)) return facts;
      if (found.unread.has(claim)) return { ...facts, unread: true };
      if (!found.same.has(claim)) return { ...facts, mark: 'none' };
      const prior = facts.prior === claim.batch ? 0 : facts.prior;
      return {
        ...facts,
        batch: claim.batch,
        prior,
        mark: claim.kind === 'moved' || claim.was !== path ? 'moved' : 'none',
      };
    });
    const moved = [...found.same].filter(({ kind }) => kind === 'moved');
    ledger.looks.markLeft(
      share,
      moved.map(({ was }) => was),
    );
    for (const group of Map.groupBy(found.same, groupKey).values()) recordGroup(ledger, share, group, when);
  });
}

const groupKey = ({ kind, file, was, batch }: Claim): string =>
  JSON.stringify([kind, parentOf(file.path), parentOf(was), batch]);

function recordGroup(
  { recognised }: Ledger,
  share: ShareName,
  group: readonly Claim[],
  { at, runNo }: { readonly at: number; readonly runNo: number },
): void {
  const [first] = group;
  if (first === undefined) return;
  const { kind, batch } = first;
  const [dir, was] = [parentOf(first.file.path), parentOf(first.was)];
  const bytes = group.reduce((sum, { file }) => sum + file.size, 0);
  recognised.record({ kind, share, dir, was, batch, files: group.length, bytes }, at, runNo);
}
