import type { Config } from '../config/config.ts';
import type { DestinationName, OwnerId, ShareName } from '../core/ids.ts';
import type { Assign, Assignment } from '../core/model.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import { isDelivered } from '../core/states.ts';
import { type BatchHead, mayHaveArrived } from '../ledger/batch-row.ts';
import type { Facts } from '../ledger/facts.ts';
import type { KnownDir, KnownEntry } from '../ledger/looks.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { CompiledMapping } from './compile-mapping.ts';
import { tokenRef } from './owner-token.ts';

/** Who has, or gets, a file. `account`: of the owner at the destination, where one changes hands. */
export type Side =
  | {
      readonly kind: 'owned';
      readonly owner: OwnerId;
      readonly destination: DestinationName;
      readonly account?: string;
    }
  | { readonly kind: 'held' | 'excluded' | 'byHand'; readonly reason: string };

export type Amount = { files: number; bytes: number };

/** Files of one dataset that fare alike: they stand otherwise under the new mapping. */
export type Change = {
  readonly share: ShareName;
  /** The dataset; its directory where it has none. */
  readonly where: SharePath;
  /** Delivered data would belong to somebody else. */
  readonly moves: boolean;
  readonly from: Side;
  readonly to: Side;
  files: number;
  bytes: number;
  /** What of it is delivered, or may be, and where. */
  readonly delivered: Amount & { readonly places: Set<string> };
};

/** What another mapping would change. */
export type MappingChange = {
  readonly changes: readonly Change[];
  /** Delivered data that would belong to somebody else. */
  readonly moves: Amount;
  /** What of `moves` is being delivered right now: whether it moves is known when that has ended. */
  readonly underWay: Amount;
  /** By owner: what is theirs now and what would be. */
  readonly owners: ReadonlyMap<string, { readonly before: Amount; readonly after: Amount }>;
};

/** What control files and people make of a folder mapping's answers, whichever mapping it is. */
export type Narrowed = (assign: Assign) => Assign;

export type CompareParts = {
  readonly ledger: Ledger;
  readonly config: Pick<Config, 'shares' | 'destinations'>;
  readonly narrowed: Narrowed;
};
/** `now` undefined: no mapping was ever accepted, only deliveries say whose data was. */
type Two = { readonly now: CompiledMapping | undefined; readonly next: CompiledMapping };

/**
 * Holds every file that the last look saw, and all that is delivered, against two mappings. Delivered data moves when
 * the new one gives it to another owner, or its owner another account, than it was delivered for. An earlier version
 * counts as the file itself; what is on its way, or may have arrived, as delivered.
 */
export function compareMappings({ ledger, config, narrowed }: CompareParts, two: Two): MappingChange {
  const changes = new Map<string, Change>();
  const owners = new Map<string, { before: Amount; after: Amount }>();
  const moves: Amount = { files: 0, bytes: 0 };
  const underWay: Amount = { files: 0, bytes: 0 };
  const headOf = rememberHeads(ledger);
  const looking = {
    ...{ headOf, accounts: accountsOf(config, two) },
    ...{ now: two.now === undefined ? undefined : narrowed(two.now.assign), next: narrowed(two.next.assign) },
  };
  for (const { name } of config.shares) {
    for (const file of standings(ledger, name, looking)) {
      count(owners, file);
      if (file.isSame) continue;
      addChange(changes, file);
      if (file.moves) add(moves, file.size);
      if (file.moves && file.batch?.state === 'delivering') add(underWay, file.size);
    }
  }
  return { changes: [...changes.values()], moves, underWay, owners };
}

/** What the last look saw, and what is delivered wherever it is now: a directory may only be unreadable. */
function* standings(ledger: Ledger, share: ShareName, looking: Looking): Generator<Standing> {
  const lastLooked = ledger.scans.lastLooked(share);
  for (const dir of ledger.looks.all(share)) {
    for (const known of dir.entries) {
      const file = standing(share, dir, known, looking);
      if (file !== undefined && (file.batch !== undefined || dir.runNo >= lastLooked)) yield file;
    }
  }
}

/** One file under both mappings. */
type Standing = {
  readonly share: ShareName;
  readonly where: SharePath;
  readonly size: number;
  /** The batch that it, or an earlier version of it, was delivered in. */
  readonly batch: BatchHead | undefined;
  readonly from: Side;
  readonly to: Side;
  readonly isSame: boolean;
  readonly moves: boolean;
};

type Looking = {
  readonly now: Assign | undefined;
  readonly next: Assign;
  readonly headOf: (no: number) => BatchHead | undefined;
  readonly accounts: Accounts;
};

function standing(
  share: ShareName,
  { dir }: KnownDir,
  { entry, facts }: KnownEntry,
  { now, next, headOf, accounts }: Looking,
): Standing | undefined {
  if (entry.kind !== 'file' && entry.kind !== 'unreadable') return undefined;
  const path = joinPath(dir, entry.name);
  const after = next(share, path, entry);
  const batch = deliveredIn(facts, headOf);
  const today = now === undefined ? undefined : sideOf(now(share, path, entry));
  const before = sideBefore(today, sideOf(after), batch);
  const { from, to } = accounts(before, sideOf(after));
  const isSame = sameSide(from, to);
  return {
    ...{ share, batch, from, to, isSame, size: entry.size },
    where: after.kind === 'owned' ? after.dataset : (batch?.dataset ?? dir),
    moves:
      batch !== undefined &&
      !isSame &&
      to.kind === 'owned' &&
      !sameAccount(from, to) &&
      !isHandedOver(after, batch),
  };
}

/** What was delivered for somebody who has left since stays theirs: only what comes later is another's. */
function isHandedOver(after: Assignment, { owner }: BatchHead): boolean {
  return after.kind === 'owned' && after.insteadOf === owner;
}

/** Who has a file: the one it was delivered for, but for what a claim or an accepted change has given away since. */
function sideBefore(today: Side | undefined, after: Side, batch: BatchHead | undefined): Side {
  if (today !== undefined && (batch === undefined || sameAccount(today, after))) return today;
  return batch === undefined ? after : ownedBy(batch);
}

/** The batch in which a file, or its earlier version, came or may come to where it belongs. */
function deliveredIn(facts: Facts, headOf: Looking['headOf']): BatchHead | undefined {
  return [facts.batch, facts.prior]
    .map((no) => (no === 0 ? undefined : headOf(no)))
    .find((head) => head !== undefined && hasGone(head));
}

function hasGone(head: BatchHead): boolean {
  return isDelivered(head.state) || head.state === 'delivering' || mayHaveArrived(head);
}

const ownedBy = ({ owner, destination }: BatchHead): Side => ({ kind: 'owned', owner, destination });

function sideOf(assignment: Assignment): Side {
  const { kind } = assignment;
  // Whether a token can be used today says nothing of whose the data is.
  if (kind === 'held' && assignment.code === 'NO_TOKEN') {
    const { owner, destination } = assignment;
    if (owner !== undefined && destination !== undefined) return { kind: 'owned', owner, destination };
  }
  if (kind !== 'owned') return { kind, reason: assignment.reason };
  return { kind, owner: assignment.owner, destination: assignment.destination };
}

function sameSide(from: Side, to: Side): boolean {
  if (from.kind !== 'owned' || to.kind !== 'owned') return from.kind === to.kind;
  return sameAccount(from, to) && from.destination === to.destination;
}

function sameAccount(from: Side, to: Side): boolean {
  return (
    from.kind === 'owned' && to.kind === 'owned' && from.owner === to.owner && from.account === to.account
  );
}

type Accounts = (from: Side, to: Side) => { readonly from: Side; readonly to: Side };

/** Names the accounts of an owner at a destination where the two mappings name different ones. */
function accountsOf({ destinations }: CompareParts['config'], { now, next }: Two): Accounts {
  const kinds = new Map(destinations.map(({ name, kind }) => [name, kind]));
  const known = new Map<string, { readonly from?: string; readonly to?: string }>();
  const look = (owner: OwnerId, kind: string): { readonly from?: string; readonly to?: string } => {
    const [old, young] = [
      now === undefined ? undefined : tokenRef(now, owner, kind),
      tokenRef(next, owner, kind),
    ];
    if (old === undefined || young === undefined) return {};
    const both = old.userId !== undefined && young.userId !== undefined;
    const [from, to] = both ? [old.userId, young.userId] : [old.token, young.token];
    return from === undefined || to === undefined || from === to ? {} : { from, to };
  };
  return (from, to) => {
    if (from.kind !== 'owned' || to.kind !== 'owned' || from.owner !== to.owner) return { from, to };
    const kind = kinds.get(from.destination);
    if (kind === undefined || kind !== kinds.get(to.destination)) return { from, to };
    const key = `${kind} ${from.owner}`;
    const differ = known.get(key) ?? look(from.owner, kind);
    known.set(key, differ);
    if (differ.from === undefined || differ.to === undefined) return { from, to };
    return { from: { ...from, account: differ.from }, to: { ...to, account: differ.to } };
  };
}

function addChange(changes: Map<string, Change>, file: Standing): void {
  const { share, where, moves, from, to, batch, size } = file;
  const key = JSON.stringify([share, where, moves, from, to]);
  const known = changes.get(key) ?? {
    ...{ share, where, moves, from, to, files: 0, bytes: 0 },
    delivered: { files: 0, bytes: 0, places: new Set<string>() },
  };
  changes.set(key, known);
  add(known, size);
  if (batch === undefined) return;
  add(known.delivered, size);
  known.delivered.places.add(batch.receipt?.location ?? batch.destination);
}

function count(
  owners: Map<string, { before: Amount; after: Amount }>,
  { from, to, size }: Pick<Standing, 'from' | 'to' | 'size'>,
): void {
  const of = (side: Side): { before: Amount; after: Amount } => {
    const name = side.kind === 'owned' ? side.owner : side.kind;
    const known = owners.get(name) ?? { before: { files: 0, bytes: 0 }, after: { files: 0, bytes: 0 } };
    owners.set(name, known);
    return known;
  };
  add(of(from).before, size);
  add(of(to).after, size);
}

function add(amount: Amount, bytes: number): void {
  amount.files += 1;
  amount.bytes += bytes;
}

function rememberHeads(ledger: Ledger): (no: number) => BatchHead | undefined {
  const heads = new Map<number, BatchHead | undefined>();
  return (no) => {
    if (!heads.has(no)) heads.set(no, ledger.batches.headByNo(no));
    return heads.get(no);
  };
}
