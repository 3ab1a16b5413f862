import { countEntries, decodeListing } from '../core/listing.ts';
import type { DirLook, Entry } from '../core/model.ts';
import { isUntouched } from '../core/untouched.ts';
import { decodeFacts, encodeFacts, type Facts, isByHand, isToCompare, type Mark } from './facts.ts';
import type { Known } from './gone.ts';

/** A directory's packed row, as stored. */
export type DirRow = { readonly listing: Uint8Array; readonly facts: Uint8Array };

/** What the ledger knows beside the row. */
export type Past = {
  /** The batches whose files reached the destination, or may be on their way. */
  readonly keepsPrior: (batch: number) => boolean;
  /** An entry that was listed once, under this name. */
  readonly findGone: (name: string) => Known | undefined;
};

export type MergedDir = {
  readonly listing: Buffer;
  readonly facts: Buffer;
  /** Entries that no batch holds. */
  readonly open: number;
  /** Listed no more, or not to be looked at, but a batch holds them or an earlier version of them. */
  readonly vanished: readonly Known[];
  /** Names of gone entries that are listed again. */
  readonly returned: readonly string[];
};

/**
 * Joins a look at a directory with what was known of it. An entry that looks the same keeps its facts; one with new
 * content starts again and remembers the batch that has its earlier version; one that is listed no more is kept
 * aside if a batch holds it, so that a file that comes back unchanged is not sent again.
 */
export function mergeLook(row: DirRow | undefined, look: DirLook, at: number, past: Past): MergedDir {
  if (row === undefined) return newDir(look, at);
  const known = knownEntries(row);
  const returned: string[] = [];
  let open = 0;
  const facts = decodeListing(look.listing).map((entry) => {
    const next = isUnknown(entry)
      ? unknownAgain(known.get(entry.name), at)
      : stillUnreadable(takeKnown(entry.name, { known, returned, past }), entry, at, past.keepsPrior);
    if (next.batch === 0) open += 1;
    return next;
  });
  // What could not even be looked at says nothing of its content: what was known of it is kept aside too.
  const vanished = [...known.values()].filter(
    ({ entry, facts: of }) => !isUnknown(entry) && (of.batch !== 0 || of.prior !== 0),
  );
  return { listing: look.listing, facts: encodeFacts(facts), open, vanished, returned };
}

type Memory = { readonly known: Map<string, Known>; readonly returned: string[]; readonly past: Past };

/** What was known under this name, which is then no longer among what has vanished. */
function takeKnown(name: string, { known, returned, past }: Memory): Known | undefined {
  const listed = known.get(name);
  known.delete(name);
  if (listed !== undefined && !isUnknown(listed.entry)) return listed;
  const gone = past.findGone(name);
  if (gone !== undefined) returned.push(name);
  return gone ?? listed;
}

/** A directory seen for the first time, which a whole share is on its first evening: nothing has to be decoded. */
function newDir({ listing }: DirLook, at: number): MergedDir {
  const count = countEntries(listing);
  const facts = encodeFacts(Array.from({ length: count }, () => unseen(at)));
  return { listing, facts, open: count, vanished: [], returned: [] };
}

const unseen = (at: number): Facts => ({ since: at, batch: 0, prior: 0, mark: 'none' });

/** What can be looked at no more than before: since when is what is asked of it. */
function unknownAgain(before: Known | undefined, at: number): Facts {
  const since = before !== undefined && isUnknown(before.entry) ? before.facts.since : at;
  return { ...unseen(at), since };
}

/** The same of what may not be read: it does not matter then what became of its content meanwhile. */
function stillUnreadable(
  before: Known | undefined,
  entry: Entry,
  at: number,
  keepsPrior: (batch: number) => boolean,
): Facts {
  const next = nextFacts(before, entry, at, keepsPrior);
  const isStill = before?.entry.kind === entry.kind && before.facts.batch === 0 && isUnreadable(entry);
  return isStill ? { ...next, since: Math.min(next.since, before.facts.since) } : next;
}

function nextFacts(
  before: Known | undefined,
  entry: Entry,
  at: number,
  keepsPrior: (batch: number) => boolean,
): Facts {
  if (before === undefined) return unseen(at);
  const { entry: old } = before;
  const facts = notAhead(before.facts, at);
  if (sameLook(old, entry)) return facts;
  // Same size and time under another inode or ctime: a remount or a chmod, not new content.
  if (sameContent(old, entry)) return facts.batch === 0 ? settleAnew(facts, at) : facts;
  const isPrior = facts.batch !== 0 && keepsPrior(facts.batch);
  const isAsLong = old.size === entry.size && isData(old) && isData(entry);
  const isRetimed = isAsLong && (isPrior || facts.mark === 'retimed');
  const prior = isPrior ? facts.batch : facts.prior;
  return { since: at, batch: 0, prior, mark: isRetimed ? 'retimed' : newerMark(facts, isAsLong) };
}

const isUnreadable = ({ kind }: Entry): boolean => kind === 'unreadable' || kind === 'unreadable-dir';

const settleAnew = (facts: Facts, at: number): Facts => ({
  ...facts,
  since: at,
  mark: isToCompare(facts.mark) || isByHand(facts.mark) ? facts.mark : 'none',
});

/** A later version of what was uploaded by hand is never taken for it, though it may be as long. */
function newerMark({ batch, mark }: Facts, isAsLong: boolean): Mark {
  if (isByHand(mark)) return 'afterHand';
  // Moved and touched before anybody could compare it: its content still tells.
  return isAsLong && batch === 0 && mark === 'alike' ? 'alike' : 'none';
}

/** A clock that was ahead at an earlier look must not keep a file back for as long as it was ahead. */
const notAhead = (facts: Facts, at: number): Facts => (facts.since > at ? { ...facts, since: at } : facts);

/** An entry whose lstat failed: the scanner knows its name and the error, and no size, time or inode. */
const isUnknown = (entry: Entry): boolean => entry.kind === 'unreadable' && entry.ino === 0n;

/** True when two looks at an entry saw the same in every respect. */
export function sameLook(a: Entry, b: Entry): boolean {
  return a.kind === b.kind && isUntouched(a, b);
}

function sameContent(a: Entry, b: Entry): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && isData(a) === isData(b);
}

const isData = (entry: Entry): boolean => entry.kind === 'file' || entry.kind === 'unreadable';

function knownEntries(row: DirRow): Map<string, Known> {
  const facts = decodeFacts(row.facts);
  return new Map(
    decodeListing(row.listing).flatMap((entry, index) => {
      const of = facts[index];
      return of === undefined ? [] : [[entry.name, { entry, facts: of }] as const];
    }),
  );
}
