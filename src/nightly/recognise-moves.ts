import type { ShareName } from '../core/ids.ts';
import { joinPath, nameOf, parentOf, type SharePath } from '../core/share-path.ts';
import { isDelivered } from '../core/states.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Recognised } from '../ledger/recognised.ts';
import type { Run } from '../ledger/runs.ts';
import type { Source, Vanished } from '../ledger/vanished.ts';
import { awaitedMoves, stillAwaited } from './awaited-moves.ts';
import { judge, judgeParts } from './judge.ts';
import { keptDatasets } from './kept-datasets.ts';
import { type Candidate, type FolderMatch, matchFolder } from './match-folder.ts';
import type { NightlyParts } from './parts.ts';
import { isUndecided } from './undecided.ts';

type MoveParts = Pick<NightlyParts, 'ledger' | 'assign' | 'limitsOf' | 'clock'>;

/** The settled files of one directory that were never delivered from there. */
type FreshDir = {
  readonly dir: SharePath;
  readonly files: readonly KnownEntry[];
  /** All that is listed there and that no batch holds. */
  readonly open: readonly KnownEntry[];
};

/**
 * Marks the files of folders that look like what was delivered from elsewhere and is not there any more: their content
 * is compared before they are planned. Only after a walk of the whole share; what could not be looked at is unknown,
 * never gone. Marks of earlier runs that hold no longer are taken back; those that hold need no majority again.
 */
export function findMoves(parts: MoveParts, share: ShareName, run: Pick<Run, 'no' | 'since'>): void {
  const { ledger } = parts;
  const awaited = awaitedMoves(ledger, share);
  const couldBe = ledger.hasVanished(share, run.no);
  using vanished = couldBe
    ? ledger.gatherVanished(share, run.no, entriesOf(freshDirs(parts, share, run)))
    : NOTHING;
  // A copy of a folder that is awaited already is none of it: each file is found again in one place only.
  for (const [dir, was] of awaited) {
    const there = ledger.looks.listed(share, dir, run.no).values();
    for (const { file, ...source } of stillAwaited(ledger, { share, run }, there, was))
      vanished.take(file.name, source);
  }
  for (const fresh of freshDirs(parts, share, run)) {
    const match = matchOf(ledger, { share, run, vanished, was: awaited.get(fresh.dir) }, fresh);
    const alike =
      match === undefined ? [] : takeMatch(parts, { share, run, dir: fresh.dir, vanished }, match);
    markAlike(ledger, share, fresh, new Set(alike));
  }
}

type Matching = Pick<Place, 'share' | 'run' | 'vanished'> & { readonly was: SharePath | undefined };

/** Where the files of a folder are from: where they were expected from before, while one of them still is. */
function matchOf(
  ledger: Ledger,
  { share, run, vanished, was }: Matching,
  { files, open }: FreshDir,
): Matched | undefined {
  const fresh = files.map(({ entry }) => entry);
  const isGone = goneFrom(ledger, share, run.no);
  const sourcesOf = (entry: KnownEntry['entry']): Candidate[] =>
    vanished
      .sourcesOf(entry)
      .filter((source) => isGone(source.was, entry.name))
      .flatMap((source) => withWaysOn(ledger, share, source));
  const awaited = was === undefined ? [] : stillAwaited(ledger, { share, run }, open, was);
  if (was === undefined || awaited.length === 0)
    return vanished.isEmpty ? undefined : matchFolder(fresh, sourcesOf);
  const names = new Set(fresh.map(({ name }) => name));
  const known = new Set(awaited.map(({ file }) => file.name));
  const others = vanished.isEmpty ? [] : fresh.filter(({ name }) => !known.has(name));
  const joined = others.flatMap((file) => foundIn(was, file, sourcesOf(file)));
  return { was, files: [...awaited.filter(({ file }) => names.has(file.name)), ...joined] };
}

function foundIn(
  was: SharePath,
  file: KnownEntry['entry'],
  sources: readonly Candidate[],
): Matched['files'][number][] {
  const source = sources.find((one) => one.was === was);
  return source === undefined ? [] : [{ file, batch: source.batch, was: source.from ?? was }];
}

/** What could not be read in a folder that was moved, and moved on, is looked for in every place of that folder. */
const withWaysOn = ({ recognised }: Ledger, share: ShareName, source: Source): Candidate[] => [
  source,
  ...recognised
    .wentTo(share, source.was, source.batch)
    .map((was) => ({ was, batch: source.batch, from: source.was })),
];

const NOTHING: Vanished = {
  isEmpty: true,
  sourcesOf: () => [],
  take: () => undefined,
  [Symbol.dispose]: () => undefined,
};

function* freshDirs(parts: MoveParts, share: ShareName, run: Pick<Run, 'no' | 'since'>): Generator<FreshDir> {
  const judging = judgeParts(parts, run);
  const { looks } = parts.ledger;
  const kept = keptDatasets(judging, share, run.no);
  for (const { dir, entries } of looks.open(share, run.no)) {
    const files = entries.filter((known) => {
      const { batch, prior, mark } = known.facts;
      if (batch !== 0 || prior !== 0 || (mark !== 'none' && mark !== 'alike')) return false;
      const verdict = judge(judging, share, { dir, known, kept });
      return verdict.file !== undefined || verdict.toCompare !== undefined;
    });
    if (files.length > 0) yield { dir, files, open: entries.filter(({ facts }) => facts.batch === 0) };
  }
}

function* entriesOf(dirs: Iterable<FreshDir>): Generator<KnownEntry['entry']> {
  for (const { files } of dirs) for (const { entry } of files) yield entry;
}

/** Not there, and its place was looked at: no directory above it is unreadable or on another file system. */
function goneFrom(
  ledger: Ledger,
  share: ShareName,
  runNo: number,
): (was: SharePath, name: string) => boolean {
  const places = new Map<SharePath, { isUnknown: boolean; listed: ReadonlyMap<string, KnownEntry> }>();
  return (was, name) => {
    const place = places.get(was) ?? {
      isUnknown: isUnknown(ledger, share, was, runNo),
      listed: ledger.looks.listed(share, was, runNo),
    };
    places.set(was, place);
    return !place.isUnknown && !place.listed.has(name);
  };
}

function isUnknown({ looks }: Ledger, share: ShareName, dir: SharePath, runNo: number): boolean {
  for (let below = dir; below !== ''; below = parentOf(below)) {
    const kind = looks.listed(share, parentOf(below), runNo).get(nameOf(below))?.entry.kind;
    if (kind !== undefined && UNKNOWN.includes(kind)) return true;
  }
  return false;
}

const UNKNOWN: readonly KnownEntry['entry']['kind'][] = ['unreadable', 'unreadable-dir', 'other-file-system'];

type Place = {
  readonly share: ShareName;
  readonly run: Pick<Run, 'no'>;
  readonly dir: SharePath;
  readonly vanished: Vanished;
};
type Matched = FolderMatch<KnownEntry['entry']>;

/** The names that may be moved files of the same owner, delivered or about to be; what now belongs to somebody else is noted, and sent. */
function takeMatch(
  parts: MoveParts,
  { share, run, dir, vanished }: Place,
  { was, files }: Matched,
): string[] {
  const alike: string[] = [];
  const { recognised, batches, transaction } = parts.ledger;
  const givenOver = new Map<number, { files: number; bytes: number }>();
  for (const { file, batch, was: from } of files) {
    const head = batches.headByNo(batch);
    if (head === undefined) continue;
    const isDone = isDelivered(head.state);
    if (!isDone && !isUndecided(parts.ledger, head)) continue;
    vanished.take(file.name, { was: from, batch });
    if (isSameTarget(parts, share, { dir, file }, head)) {
      alike.push(file.name);
      continue;
    }
    if (!isDone) continue;
    const sum = givenOver.get(batch) ?? { files: 0, bytes: 0 };
    givenOver.set(batch, { files: sum.files + 1, bytes: sum.bytes + file.size });
  }
  if (alike.length > 0) recognised.expect(share, dir, was);
  transaction(() => {
    for (const [batch, amount] of givenOver) {
      const found: Recognised = { kind: 'given-over', share, dir, was, batch, ...amount };
      recognised.record(found, parts.clock.now(), run.no);
    }
  });
  return alike;
}

function isSameTarget(
  parts: MoveParts,
  share: ShareName,
  { dir, file }: { readonly dir: SharePath; readonly file: KnownEntry['entry'] },
  head: BatchHead,
): boolean {
  const assignment = parts.assign(share, joinPath(dir, file.name), file);
  return (
    assignment.kind === 'owned' &&
    assignment.owner === head.owner &&
    assignment.destination === head.destination
  );
}

function markAlike(ledger: Ledger, share: ShareName, fresh: FreshDir, alike: ReadonlySet<string>): void {
  const changed = fresh.files.filter(
    ({ entry, facts }) => (facts.mark === 'alike') !== alike.has(entry.name),
  );
  const paths = changed.map(({ entry }) => joinPath(fresh.dir, entry.name));
  if (paths.length === 0) return;
  ledger.looks.assign(share, paths, (facts) =>
    facts.batch === 0 ? { ...facts, mark: facts.mark === 'alike' ? 'none' : 'alike' } : facts,
  );
}
