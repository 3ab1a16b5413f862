import { IngestError } from '../core/errors.ts';
import type { Assign, Assignment, Batch, Entry } from '../core/model.ts';
import { nameOf, parentOf, printable, type SharePath } from '../core/share-path.ts';
import { isDelivered } from '../core/states.ts';
import { type BatchHead, batchError } from '../ledger/batch-row.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import type { Workspace } from './workspace.ts';

/**
 * Withdraws the batches that wait or are held and that the folder mapping of today would not make: their files are
 * planned again, for whoever they belong to now and within the limits of now. What was delivered stays where it is, also
 * what its destination has lost since: only a person sends that again. What may be there is left to its delivery, which
 * looks for it (see perhaps-there.ts). Call it before anything runs; what is put back later is checked when it is delivered.
 */
export function withdrawOutdated({
  ledger,
  assign,
  limitsOf,
  clock,
}: Pick<Workspace, 'ledger' | 'assign' | 'limitsOf' | 'clock'>): void {
  const waiting = [...ledger.list({ states: ['planned', 'held', 'rejected'] })];
  for (const { id } of waiting.filter((head) => !isLostDelivery(head) && !isPerhapsThere(head, ledger))) {
    const batch = ledger.batches.get(id);
    const error = whyOutdated(batch, { ledger, assign, limitsOf });
    if (error !== undefined)
      ledger.batches.withdrawWaiting(batch, batchError(error, clock.now()), { paths: [], mark: 'none' });
  }
}

/** Delivered, and its destination has lost it: only a person sends it again. */
export const isLostDelivery = ({ state, error }: BatchHead): boolean =>
  state === 'held' && error?.code === 'EVIDENCE_GONE';

/** Whether all of an undelivered batch may be in the container it was sent into, without anybody having said so. */
export function isPerhapsThere(
  { id, state }: Pick<BatchHead, 'id' | 'state'>,
  { outcomes, containers }: Pick<Ledger, 'outcomes' | 'containers'>,
): boolean {
  return !isDelivered(state) && outcomes.mayHaveArrived(id) && containers.ofBatch(id) !== undefined;
}

/** MAPPING_CHANGED when the mapping or the limits of today would not make the batch. */
export const whyOutdated = (
  batch: Batch,
  { ledger, assign, limitsOf }: Pick<Workspace, 'ledger' | 'assign' | 'limitsOf'>,
): IngestError | undefined => outdated(batch, assign, ledger) ?? overLimits(batch, limitsOf);

/** Whether a file of the batch belongs to another owner or destination now. */
export function isGivenAway(batch: Batch, assign: Assign, ledger: Ledger): boolean {
  const entryOf = entriesOf(ledger, batch.share);
  return batch.files.some(({ path }) => {
    const now = assign(batch.share, path, entryOf(path));
    return now.kind === 'owned' && (now.owner !== batch.owner || now.destination !== batch.destination);
  });
}

/** MAPPING_CHANGED when a file of the batch has another owner or destination now, or is to be shared with others; undefined when all is as planned. */
export function outdated(batch: Batch, assign: Assign, ledger: Ledger): IngestError | undefined {
  const entryOf = entriesOf(ledger, batch.share);
  const stray = batch.files.find(
    ({ path }) => !isStillMeant(batch, entryOf(path), assign(batch.share, path, entryOf(path))),
  );
  if (stray === undefined) return undefined;
  const path = printable(stray.path);
  return new IngestError(
    'MAPPING_CHANGED',
    `the folder mapping says otherwise now, of ${path} among others`,
    {
      hint: 'Nothing to do: its files are planned again.',
    },
  );
}

/** The entry at a path as the last look saw it that listed it; the files of a batch come directory by directory. */
function entriesOf({ looks }: Ledger, share: Batch['share']): (path: SharePath) => Entry | undefined {
  let known: { dir: SharePath; entries: ReturnType<Ledger['looks']['everIn']> } | undefined;
  return (path) => {
    const dir = parentOf(path);
    if (known?.dir !== dir) known = { dir, entries: looks.everIn(share, dir) };
    return known.entries.get(nameOf(path))?.entry;
  };
}

/** A batch larger than the limits of today was cut under others: it is cut anew. */
function overLimits(batch: Batch, limitsOf: Workspace['limitsOf']): IngestError | undefined {
  const { maxBytes, maxFiles } = limitsOf(batch.destination);
  if (batch.bytes <= maxBytes && batch.files.length <= maxFiles) return undefined;
  return new IngestError(
    'MAPPING_CHANGED',
    `the limits of ${batch.destination} are lower than its batch ${batch.id}`,
    {
      hint: 'Nothing to do: its files are planned again, in smaller batches.',
    },
  );
}

function isStillMeant(batch: Batch, entry: Entry | undefined, now: Assignment): boolean {
  if (isUnasked(batch, entry, now)) return true;
  // A batch whose owner's token cannot be used stays as it is: the delivery says so, and goes on when there is one.
  if (now.kind !== 'owned' && !(now.kind === 'held' && now.code === 'NO_TOKEN')) return false;
  // In another rule's container it would be shared with other people.
  if (now.kind === 'owned' && now.apart !== batch.apart) return false;
  if (now.kind === 'owned' && now.publish !== batch.publish) return false;
  return now.owner === batch.owner && now.destination === batch.destination;
}

/**
 * Its rule asks for the uid or gid, and the last look could not: it is as it was planned until a look says otherwise. Its
 * delivery cannot read it either, and cuts the batch without it.
 */
function isUnasked(batch: Batch, entry: Entry | undefined, now: Assignment): boolean {
  const isUnknown = entry === undefined || (entry.kind === 'unreadable' && entry.uid === undefined);
  return isUnknown && now.kind === 'held' && now.code === 'UNRESOLVED' && now.rules.includes(batch.rule);
}
