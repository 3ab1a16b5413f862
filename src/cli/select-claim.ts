import type { Workspace } from '../app/workspace.ts';
import { COLLECTOR, type ShareName } from '../core/ids.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import { DELIVERED_STATES, isDelivered } from '../core/states.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import type { AskedPath } from './asked-path.ts';
import { isWithin, mayHold } from './find-causes.ts';

type Amount = { files: number; bytes: number };

/** Files of one batch of the collector that are still as it has them, and are free to be delivered again. */
export type Claimable = Amount & { readonly head: BatchHead; readonly paths: SharePath[] };

/** What there is at a path to be claimed, and what is not. */
export type Claimables = {
  readonly batches: readonly Claimable[];
  /** Of the collector's datasets: where its files lie, and where new ones would join. */
  readonly datasets: ReadonlySet<SharePath>;
  /** On the share they are another version now than the collector has: that one goes, once it has settled. */
  readonly changed: Amount;
  /** The last look did not see them, and cannot say that they are gone. Part of `batches`. */
  readonly notSeen: Amount;
  /** Not on the share any more: only the collector's copy is left. */
  readonly vanished: Amount;
  /** Claimed before. */
  readonly already: Amount;
  /** Delivered for, or on the way to, somebody else: not claimed. By owner. */
  readonly others: ReadonlyMap<string, Amount>;
};

type Known = KnownEntry & { readonly isSeen: boolean };

/** Looks at the ledger alone: what the collector has of a path, held against what the share has there now. */
export function selectClaim(workspace: Workspace, { share, path }: AskedPath): Claimables {
  const { ledger } = workspace;
  const known = knownBelow(workspace, share.name, path);
  const found: MutableClaimables = {
    ...{ batches: [], datasets: new Set<SharePath>(), others: new Map<string, Amount>() },
    ...{ changed: none(), notSeen: none(), vanished: none(), already: none() },
  };
  for (const head of ledger.list({ states: DELIVERED_STATES, owner: COLLECTOR })) {
    if (head.share !== share.name || !touches(head.dataset, path)) continue;
    addBatch(found, workspace, head, { path, known });
  }
  addOthers(found, workspace, share.name, known);
  return found;
}

type MutableClaimables = Omit<Claimables, 'batches' | 'datasets' | 'others'> & {
  batches: Claimable[];
  datasets: Set<SharePath>;
  others: Map<string, Amount>;
};

const none = (): Amount => ({ files: 0, bytes: 0 });

function add(amount: Amount, bytes: number): void {
  amount.files += 1;
  amount.bytes += bytes;
}

/** A dataset of the collector is a directory near the root: it may lie above the path or below it. */
const touches = (dataset: SharePath, path: SharePath): boolean =>
  dataset === '' || isWithin(dataset, path) || isWithin(path, dataset);

function knownBelow({ ledger }: Workspace, share: ShareName, path: SharePath): ReadonlyMap<SharePath, Known> {
  const lastLooked = ledger.scans.lastLooked(share);
  const known = new Map<SharePath, Known>();
  for (const dir of ledger.looks.all(share)) {
    if (!mayHold(dir, path)) continue;
    for (const { entry, facts } of dir.entries) {
      const at = joinPath(dir.dir, entry.name);
      if (isWithin(at, path)) known.set(at, { entry, facts, isSeen: dir.runNo >= lastLooked });
    }
  }
  return known;
}

function addBatch(
  found: MutableClaimables,
  { ledger }: Workspace,
  head: BatchHead,
  { path, known }: { readonly path: SharePath; readonly known: ReadonlyMap<SharePath, Known> },
): void {
  const batch: Claimable = { head, paths: [], files: 0, bytes: 0 };
  let changed = 0;
  for (const file of ledger.batches.get(head.id).files) {
    if (!isWithin(file.path, path)) continue;
    const now = known.get(file.path);
    if (now === undefined) add(found.vanished, file.size);
    else if (now.facts.batch === head.no) {
      batch.paths.push(file.path);
      add(batch, file.size);
      if (!now.isSeen) add(found.notSeen, file.size);
    } else if (now.facts.batch === 0 && now.facts.prior === head.no) {
      changed += 1;
      add(found.changed, now.entry.size);
    }
  }
  if (batch.paths.length + changed === 0) return;
  found.batches.push(batch);
  found.datasets.add(head.dataset);
}

/** What at the path is not the collector's: somebody's, or claimed before and not yet in a batch again. */
function addOthers(
  found: MutableClaimables,
  { ledger, assign }: Workspace,
  share: ShareName,
  known: ReadonlyMap<SharePath, Known>,
): void {
  const heads = new Map<number, BatchHead | undefined>();
  for (const [path, { facts, entry }] of known) {
    if (!heads.has(facts.batch)) heads.set(facts.batch, ledger.batches.headByNo(facts.batch));
    const head = heads.get(facts.batch);
    const assignment = assign(share, path, entry);
    if (assignment.kind === 'owned' && assignment.claimed === true) {
      if (head?.owner !== COLLECTOR || !isDelivered(head.state)) add(found.already, entry.size);
    } else if (head !== undefined && head.owner !== COLLECTOR) {
      const amount = found.others.get(head.owner) ?? none();
      add(amount, entry.size);
      found.others.set(head.owner, amount);
    }
  }
}
