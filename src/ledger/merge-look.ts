import { countEntries, decodeListing, encodeListing } from '../core/listing.ts';
import type { DirLook, Entry } from '../core/model.ts';
import { decodeFacts, encodeFacts, type Facts } from './facts.ts';

/** A directory's packed row, as stored. `gone` holds the entries that are listed no more but were in a batch. */
export type DirRow = {
  readonly listing: Uint8Array;
  readonly facts: Uint8Array;
  readonly gone: Uint8Array | null;
};

export type MergedDir = {
  readonly listing: Buffer;
  readonly facts: Buffer;
  readonly gone: Buffer | null;
  /** Entries that no batch holds. */
  readonly open: number;
  readonly changed: number;
};

/**
 * Joins a look at a directory with what was known of it. An entry that looks the same keeps its facts; one with new
 * content starts again and remembers the batch that has its earlier version; one that is listed no more is kept
 * aside if a batch holds it, so that a file that comes back unchanged is not sent again.
 */
export function mergeLook(
  row: DirRow | undefined,
  look: DirLook,
  at: number,
  keepsPrior: (batch: number) => boolean,
): MergedDir {
  if (row === undefined) return newDir(look, at);
  const known = knownEntries(row);
  const entries = decodeListing(look.listing);
  let open = 0;
  let changed = 0;
  const facts = entries.map((entry) => {
    const before = known.get(entry.name);
    // What could not even be looked at says nothing of its content: what was known of it is kept aside.
    if (!isUnknown(entry)) known.delete(entry.name);
    const next = isUnknown(entry) ? unseen(at) : nextFacts(before, entry, at, keepsPrior);
    if (next !== before?.facts) changed += 1;
    if (next.batch === 0) open += 1;
    return next;
  });
  const gone = [...known.values()].filter(({ facts }) => facts.batch !== 0 || facts.prior !== 0);
  return {
    listing: look.listing,
    facts: encodeFacts(facts),
    gone: gone.length === 0 ? null : encodeGone(gone),
    open,
    changed,
  };
}

/** A directory seen for the first time, which a whole share is on its first evening: nothing has to be decoded. */
function newDir({ listing }: DirLook, at: number): MergedDir {
  const count = countEntries(listing);
  const facts = encodeFacts(Array.from({ length: count }, () => unseen(at)));
  return { listing, facts, gone: null, open: count, changed: count };
}

const unseen = (at: number): Facts => ({ since: at, batch: 0, prior: 0, mark: 'none' });

type Known = { readonly entry: Entry; readonly facts: Facts };

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
  if (sameContent(old, entry)) return facts.batch === 0 ? { ...facts, since: at, mark: 'none' } : facts;
  const prior = facts.batch !== 0 && keepsPrior(facts.batch) ? facts.batch : facts.prior;
  return { since: at, batch: 0, prior, mark: 'none' };
}

/** A clock that was ahead at an earlier look must not keep a file back for as long as it was ahead. */
const notAhead = (facts: Facts, at: number): Facts => (facts.since > at ? { ...facts, since: at } : facts);

/** An entry whose lstat failed: the scanner knows its name and the error, and no size, time or inode. */
const isUnknown = (entry: Entry): boolean => entry.kind === 'unreadable' && entry.ino === 0n;

function sameLook(a: Entry, b: Entry): boolean {
  return sameContent(a, b) && a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.kind === b.kind;
}

function sameContent(a: Entry, b: Entry): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && isData(a) === isData(b);
}

const isData = (entry: Entry): boolean => entry.kind === 'file' || entry.kind === 'unreadable';

function knownEntries(row: DirRow): Map<string, Known> {
  const known = new Map<string, Known>();
  if (row.gone !== null) for (const item of decodeGone(row.gone)) known.set(item.entry.name, item);
  const facts = decodeFacts(row.facts);
  for (const [index, entry] of decodeListing(row.listing).entries()) {
    const of = facts[index];
    if (of === undefined || (isUnknown(entry) && known.has(entry.name))) continue;
    known.set(entry.name, { entry, facts: of });
  }
  return known;
}

/** The gone entries as one value: length of the listing, the listing, the facts. */
function encodeGone(gone: readonly Known[]): Buffer {
  const sorted = gone.toSorted((a, b) => (a.entry.name < b.entry.name ? -1 : 1));
  const listing = encodeListing(sorted.map(({ entry }) => entry));
  // encodeListing sorts by name bytes: put the facts in that order.
  const byName = new Map(sorted.map(({ entry, facts }) => [entry.name, facts]));
  const facts = decodeListing(listing).flatMap(({ name }) => byName.get(name) ?? []);
  const head = Buffer.alloc(4);
  head.writeUInt32LE(listing.length);
  return Buffer.concat([head, listing, encodeFacts(facts)]);
}

function decodeGone(bytes: Uint8Array): Known[] {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const facts = decodeFacts(bytes.subarray(4 + length));
  return decodeListing(bytes.subarray(4, 4 + length)).flatMap((entry, index) => {
    const of = facts[index];
    return of === undefined ? [] : [{ entry, facts: of }];
  });
}
