import type { AccountContainer, AccountFile, ListedFile } from '../core/account.ts';
import { IngestError } from '../core/errors.ts';
import type { AccountAt, StoredListing } from '../ledger/accounts.ts';
import { comparesBytes, isSame } from './compare-by-hand.ts';
import {
  type By,
  type ContainerFiles,
  containerFiles,
  type Place,
  placeOf,
  someOf,
} from './match-by-hand.ts';
import type { NewDataset } from './new-datasets.ts';
import type { NightlyParts } from './parts.ts';
import type { OpenAccount } from './readable-accounts.ts';

/** A dataset that lies whole in a container. */
export type WholeIn = {
  readonly dataset: NewDataset;
  readonly container: AccountContainer;
  readonly place: Place;
};
/** A dataset of which a container has some files, and how many. */
export type SomeIn = {
  readonly dataset: NewDataset;
  readonly container: AccountContainer;
  readonly files: number;
  readonly bytes: number;
};
export type Seen = { readonly whole: WholeIn[]; readonly some: Map<NewDataset, SomeIn> };

export type LookingParts = Pick<NightlyParts, 'ledger' | 'clock'> &
  Partial<Pick<NightlyParts, 'hashFiles'>> & { readonly signal: AbortSignal };
type Parts = LookingParts;

/**
 * Looks for datasets in an account, newest container first, and adds to `seen` what it finds, also when it fails later.
 * Containers of ours are left out. Answers why some could not be looked through, if that is so.
 */
export async function lookThrough(
  parts: Parts,
  account: OpenAccount,
  datasets: readonly NewDataset[],
  seen: Seen,
): Promise<string | undefined> {
  const [first] = datasets;
  const containers = await account.containers();
  if (first === undefined || containers === undefined) return undefined;
  const { accounts } = parts.ledger;
  accounts.keepOnly(
    first,
    containers.map(({ id }) => id),
  );
  const ours = accounts.ourContainers(first.destination);
  const open = new Set(datasets);
  let left = 0;
  let unread: string | undefined;
  for (const container of containers.filter(({ id }) => !ours.has(id))) {
    if (open.size === 0) break;
    const why = await whyUnreadable(async () => {
      const listed = await listingOf(parts, account, first, container);
      if (listed === undefined) left += 1;
      else if (listed.files !== null)
        for (const dataset of await searchIn({ parts, account, container, open, seen }, listed))
          open.delete(dataset);
    });
    unread ??= why;
  }
  if (open.size > 0 && unread !== undefined) return unread;
  return left === 0 || open.size === 0
    ? undefined
    : `${left} of its containers are still to be looked through, and one evening asks ${account.mostAsks} questions at most`;
}

/** Why the one container that is looked at cannot be read, if that is so: it says nothing of the others. */
export async function whyUnreadable(look: () => Promise<void>): Promise<string | undefined> {
  try {
    await look();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof IngestError && thrown.context['unreadable'] === true) return thrown.message;
    throw thrown;
  }
}

/** Whether the destination itself does not answer: nobody else's account there is asked for then. */
export const isAway = ({ code }: IngestError): boolean =>
  code === 'DESTINATION_UNREACHABLE' || code === 'DESTINATION_STALLED';

/** `files` null: more than an evening may ask for, so nobody looks. */
type Listed = { readonly files: readonly ListedFile[] | null; readonly isFresh: boolean };

/** As listed before, while the container is the same; else asked for. Undefined: no more may be asked in this run. */
export async function listingOf(
  { ledger, clock }: Pick<Parts, 'ledger' | 'clock'>,
  account: OpenAccount,
  of: AccountAt,
  container: AccountContainer,
): Promise<Listed | undefined> {
  const { id, stamp } = container;
  const known = ledger.accounts.listing(of, id);
  if (known !== undefined && known.stamp === stamp) return { files: known.files, isFresh: false };
  const isEarly = account.asks.left >= account.mostAsks / 2;
  const asked = await account.files(id);
  if (asked === undefined && !isEarly) return undefined;
  const files = asked === undefined ? null : withUntil(asked, known?.files, container);
  if (stamp !== undefined) ledger.accounts.saveListing(of, { id, stamp }, { files, at: clock.now() });
  return { files, isFresh: true };
}

/**
 * What an earlier listing had keeps what it was known by; what it had not was put there since, no later than the
 * container was changed. Without one a file may have been put there, and again, at any time since the container was made.
 */
function withUntil(
  files: readonly AccountFile[],
  earlier: StoredListing['files'] | undefined,
  { changedAt }: Pick<AccountContainer, 'changedAt'>,
): readonly ListedFile[] {
  if (earlier === undefined || earlier === null) return files;
  const known = new Map(earlier.map((file) => [file.path, file]));
  return files.map(({ path, size }) => {
    const before = known.get(path);
    return before?.size === size ? before : { path, size, until: changedAt };
  });
}

type Searching = {
  readonly parts: Parts;
  readonly account: OpenAccount;
  readonly container: AccountContainer;
  readonly open: ReadonlySet<NewDataset>;
  readonly seen: Seen;
};

/** What is found in a listing of an earlier evening counts only if it is there now. */
async function searchIn(searching: Searching, { files, isFresh }: Listed): Promise<NewDataset[]> {
  const { parts, account, container, open, seen } = searching;
  const there = containerFiles(files ?? [], container);
  if (isMadeByUs(files ?? [])) return [];
  const whole = wholeIn(open, there, comparesBytes(parts, account) ? 'content' : 'name');
  if (whole.size > 0 && !isFresh) {
    const now = await account.files(container.id);
    if (now === undefined) return [];
    return await searchIn(searching, { files: withUntil(now, files, container), isFresh: true });
  }
  for (const [dataset, place] of whole) {
    const found = { dataset, container, place };
    if (await isSame(parts, account, found)) seen.whole.push(found);
    else whole.delete(dataset);
  }
  for (const dataset of open) if (!whole.has(dataset)) addSome(seen, dataset, container, there);
  return [...whole.keys()];
}

/** Beside each batch of ours lies its manifest: so is also known what another Nightjar, or a lost ledger, has sent. */
function isMadeByUs(files: readonly AccountFile[]): boolean {
  return files.some(({ path }) => /(?:^|\/)\.nightjar(?:-status)?\//.test(path));
}

function wholeIn(datasets: ReadonlySet<NewDataset>, there: ContainerFiles, by: By): Map<NewDataset, Place> {
  const found = new Map<NewDataset, Place>();
  for (const dataset of datasets) {
    const place = placeOf(dataset.dataset, dataset.files, there, by);
    if (place !== undefined) found.set(dataset, place);
  }
  return found;
}

function addSome(
  { some }: Seen,
  dataset: NewDataset,
  container: AccountContainer,
  there: ContainerFiles,
): void {
  const { files, bytes } = someOf(dataset.files, there);
  if (files > (some.get(dataset)?.files ?? 0)) some.set(dataset, { dataset, container, files, bytes });
}
