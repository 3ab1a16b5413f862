import type { ShareName } from '../core/ids.ts';
import type { Entry, PlannedFile } from '../core/model.ts';
import { joinPath, nameOf, parentOf, type SharePath } from '../core/share-path.ts';
import { isDelivered } from '../core/states.ts';
import { utcTime } from '../core/utc.ts';
import type { BatchHead } from '../ledger/batch-row.ts';
import { isByHand, type Mark } from '../ledger/facts.ts';
import type { KnownEntry } from '../ledger/looks.ts';
import { recognisedView } from '../nightly/judge-recognised.ts';
import type { Workspace } from './workspace.ts';

/** A file that was delivered with evidence; safe if its content is still the one of that day. */
export type Candidate = {
  readonly path: SharePath;
  readonly entry: Entry;
  readonly batch: BatchHead;
  readonly planned: PlannedFile;
  /** As recorded when it was delivered. */
  readonly sha256: Uint8Array;
  /** When the destination last said, long after, that it is there; undefined: nobody has asked since. */
  readonly auditedAt: number | undefined;
};

export type Judged = { readonly candidate: Candidate } | { readonly unsafe: string };

/** The batch of a file, and why it proves nothing, if so. */
type Holder = {
  readonly batch: BatchHead | undefined;
  readonly weak: string | undefined;
  readonly auditedAt: number | undefined;
};

const DIGEST_BYTES = 32;

/** What the ledger says of what is on the share now; its content is not looked at. Paths are those of the share. */
export function safetyJudge(
  workspace: Pick<Workspace, 'ledger' | 'assign' | 'clock'>,
  share: ShareName,
): (path: SharePath, entry: Entry) => Judged {
  const { ledger, assign } = workspace;
  const view = recognisedView(ledger);
  let listed: { readonly dir: SharePath; readonly known: ReadonlyMap<string, KnownEntry> } | undefined;
  let last: (Holder & { readonly no: number; readonly files: Delivered }) | undefined;
  const knownAt = (path: SharePath): KnownEntry | undefined => {
    const dir = parentOf(path);
    if (listed?.dir !== dir) listed = { dir, known: ledger.looks.listed(share, dir) };
    return listed.known.get(nameOf(path));
  };
  return (path, entry) => {
    const odd = oddKind(entry);
    if (odd !== undefined) return { unsafe: odd };
    const { batch: no = 0, prior = 0, mark = 'none' } = knownAt(path)?.facts ?? {};
    if (no === 0) return { unsafe: notDelivered({ prior, mark, assignment: assign(share, path, entry) }) };
    if (last?.no !== no) last = { no, ...holderOf(workspace, no), files: deliveredBy(ledger, no) };
    const origin = view.origin(share, parentOf(path), no) ?? parentOf(path);
    const delivered = last.files.get(path) ?? last.files.get(joinPath(origin, nameOf(path)));
    return inBatch({ path, entry }, last, delivered);
  };
}

function inBatch(
  { path, entry }: Pick<Candidate, 'path' | 'entry'>,
  { batch, weak, auditedAt }: Holder,
  delivered: Pick<Candidate, 'planned' | 'sha256'> | undefined,
): Judged {
  if (batch === undefined) return { unsafe: 'its batch is in the ledger no more' };
  if (weak !== undefined) return { unsafe: weak };
  if (delivered === undefined) return { unsafe: `no hash of it is recorded with batch ${batch.id}` };
  const { size } = delivered.planned;
  if (size !== entry.size)
    return { unsafe: `it has ${entry.size} bytes, and ${size} were delivered (${batch.id})` };
  return { candidate: { path, entry, batch, auditedAt, ...delivered } };
}

function oddKind({ kind, error = 'unknown' }: Entry): string | undefined {
  if (kind === 'file') return undefined;
  return ODD[kind] ?? `it cannot be read (${error})`;
}

const ODD: Partial<Record<Entry['kind'], string>> = {
  symlink: 'a shortcut (symbolic link): links are never followed or delivered',
  special: 'not a regular file (pipe, socket or device)',
  'other-file-system': 'another file system is mounted here',
};

function notDelivered(of: {
  readonly prior: number;
  readonly mark: Mark;
  readonly assignment: ReturnType<Workspace['assign']>;
}): string {
  const { prior, mark, assignment } = of;
  if (isByHand(mark)) return 'uploaded by hand: Nightjar has not delivered it and cannot prove that copy';
  if (assignment.kind === 'byHand') return `not delivered by Nightjar: ${assignment.reason}`;
  if (assignment.kind === 'excluded') return `left out, never delivered: ${assignment.reason}`;
  if (assignment.kind === 'held') return `held, not delivered: ${assignment.reason}`;
  return prior === 0
    ? 'not delivered: it is in no batch'
    : 'this version is in no batch: it changed, or its batch was withdrawn';
}

function holderOf({ ledger, clock }: Pick<Workspace, 'ledger' | 'clock'>, no: number): Holder {
  const batch = ledger.batches.headByNo(no);
  if (batch === undefined) return { batch, weak: undefined, auditedAt: undefined };
  return { batch, weak: weakness(batch, ledger), auditedAt: ledger.reaudits.heldAt(batch, clock.now()) };
}

/** Why a batch proves nothing; undefined: its files have arrived, and the destination says so. */
function weakness(
  { id, state, receipt, error }: BatchHead,
  { lostContainers }: Workspace['ledger'],
): string | undefined {
  if (state === 'held' && error?.code === 'EVIDENCE_GONE')
    return `its destination does not have it any more as it was delivered (${id}, asked ${utcTime(error.at)})`;
  if (!isDelivered(state) || receipt === undefined) return `its batch ${id} is ${state}`;
  if (state === 'accepted') return `only accepted by the destination, not confirmed (${id})`;
  if (lostContainers.mayHaveTaken(id))
    return `what it was delivered into may be deleted or taken away since (${id}; its history says what was heard)`;
  return undefined;
}

type Delivered = ReadonlyMap<string, Pick<Candidate, 'planned' | 'sha256'>>;

function deliveredBy({ batches }: Workspace['ledger'], no: number): Delivered {
  const head = batches.headByNo(no);
  if (head === undefined) return new Map();
  const { files } = batches.get(head.id);
  const hashes = batches.hashes(head.id);
  if (hashes.length !== files.length * DIGEST_BYTES) return new Map();
  return new Map(
    files.map((planned, at) => [
      planned.path,
      { planned, sha256: hashes.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES) },
    ]),
  );
}
