import { count, formatBytes } from '../core/units.ts';
import type { Scan, ScanCounts, Suspicion } from '../ledger/scans.ts';

/** When a walk counts as far from what is usual for its share. */
export type AlarmOptions = {
  readonly enabled: boolean;
  /** Evenings (days with a walk) that must be known before anything is unusual. */
  readonly evenings: number;
  /** So many times fewer, or more, than on any of the last evenings. */
  readonly factor: number;
  /** Smaller changes are never unusual, whatever their factor. */
  readonly minFiles: number;
  readonly minBytes: number;
};

/** What a walk is held against: `history` newest first, `suspects` those since then that nobody believed, oldest first. */
export type Past = { readonly history: readonly Scan[]; readonly suspects: readonly Scan[] };

/** What is thought of a walk. `accepted`: unusual, but a walk of an earlier evening saw the same. */
export type Thought = { readonly suspicion: Suspicion | undefined; readonly accepted: string | undefined };

const DAY_MS = 24 * 3_600_000;
/** Evenings that make the usual. */
const REMEMBERED_DAYS = 14;
/** A second walk confirms the first from here on: what is wrong tonight is wrong an hour later too. */
const CONFIRMS_AFTER_MS = 12 * 3_600_000;
/** Two walks this much alike saw the same share. */
const ALIKE = 0.1;

/** Pure: whether a walk is believed, held against the share's own past. */
export function weigh(
  counts: ScanCounts,
  at: number,
  past: Past,
  options: AlarmOptions | undefined,
): Thought {
  const usual = recent(past.history);
  if (options?.enabled !== true || !isLearned(usual, options)) return BELIEVED;
  const found = findUnusual(counts, usual, options);
  if (found === undefined) return BELIEVED;
  const [first] = past.suspects;
  const suspicion = { ...found, since: first?.at ?? at };
  const earlier = past.suspects.findLast((scan) => scan.at <= at - CONFIRMS_AFTER_MS);
  if (earlier === undefined || !isAlike({ counts, suspicion }, earlier, options))
    return { suspicion, accepted: undefined };
  return { suspicion, accepted: `the walk of ${new Date(earlier.at).toISOString()}, which saw the same` };
}

const BELIEVED: Thought = { suspicion: undefined, accepted: undefined };

/** The newest fourteen days with a walk. */
function recent(history: readonly Scan[]): readonly Scan[] {
  const days = [...new Set(history.map(dayOf))];
  const last = days[REMEMBERED_DAYS - 1] ?? Number.NEGATIVE_INFINITY;
  return history.filter((scan) => dayOf(scan) >= last);
}

const dayOf = ({ at }: Scan): number => Math.floor(at / DAY_MS);

/** A level that somebody accepted is known at once; else it takes some evenings. */
function isLearned(usual: readonly Scan[], { evenings }: AlarmOptions): boolean {
  if (usual.some(({ accepted }) => accepted !== undefined)) return true;
  return usual.length > 0 && new Set(usual.map(dayOf)).size >= evenings;
}

type Found = Omit<Suspicion, 'since'>;

function findUnusual(
  counts: ScanCounts,
  usual: readonly Scan[],
  { factor, minFiles, minBytes }: AlarmOptions,
): Found | undefined {
  const files = compare(counts.files, bandOf(usual, 'files'), { factor, least: minFiles });
  const bytes = compare(counts.bytes, bandOf(usual, 'bytes'), { factor, least: minBytes });
  const lost = lostOwners(counts, usual, minFiles / 10);
  const reasons = [
    files === undefined ? [] : [said(counts.files, bandOf(usual, 'files'), filesOf)],
    bytes === undefined ? [] : [said(counts.bytes, bandOf(usual, 'bytes'), formatBytes)],
    lost.map(({ owner, files: had }) => `no file of ${owner}, who had ${filesOf(had)}`),
  ].flat();
  if (reasons.length === 0) return undefined;
  const isDrop = lost.length > 0 || files === 'drop' || bytes === 'drop';
  return { kind: isDrop ? 'drop' : 'surge', what: reasons.join('; '), lost: lost.map(({ owner }) => owner) };
}

const filesOf = (files: number): string => count(files, 'file');

type Band = { readonly low: number; readonly high: number };

function bandOf(usual: readonly Scan[], what: 'files' | 'bytes'): Band {
  const seen = usual.map(({ counts }) => counts[what]);
  return { low: Math.min(...seen), high: Math.max(...seen) };
}

/** Outside the band means: by the factor, and by no small number. */
function compare(
  now: number,
  { low, high }: Band,
  { factor, least }: { readonly factor: number; readonly least: number },
): Suspicion['kind'] | undefined {
  if (now * factor < low && low - now >= least) return 'drop';
  if (now > high * factor && now - high >= least) return 'surge';
  return undefined;
}

function said(now: number, { low, high }: Band, show: (value: number) => string): string {
  const usual = show(low) === show(high) ? show(low) : `${show(low)} to ${show(high)}`;
  return `${show(now)}; usual ${low === high ? 'is' : 'are'} ${usual}`;
}

/** Owners of whom every usual walk under this mapping saw something, the newest a good deal, and this one nothing. */
function lostOwners(
  counts: ScanCounts,
  usual: readonly Scan[],
  least: number,
): readonly { readonly owner: string; readonly files: number }[] {
  const comparable = usual.filter((scan) => scan.counts.mapping === counts.mapping);
  return Object.entries(comparable[0]?.counts.owners ?? {})
    .filter(([owner, files]) => files >= least && (counts.owners[owner] ?? 0) === 0)
    .filter(([owner]) => comparable.every((scan) => (scan.counts.owners[owner] ?? 0) > 0))
    .map(([owner, files]) => ({ owner, files }));
}

/** About as many files and bytes as that other unusual walk, and no owner lost beside those. */
function isAlike(
  walk: Pick<Scan, 'counts'> & { readonly suspicion: Suspicion },
  other: Scan,
  { minFiles, minBytes }: AlarmOptions,
): boolean {
  const lostBefore = other.suspicion?.lost ?? [];
  return (
    walk.suspicion.lost.every((owner) => lostBefore.includes(owner)) &&
    isNear(walk.counts.files, other.counts.files, minFiles) &&
    isNear(walk.counts.bytes, other.counts.bytes, minBytes)
  );
}

const isNear = (a: number, b: number, least: number): boolean =>
  Math.abs(a - b) <= Math.max(least, b * ALIKE);
