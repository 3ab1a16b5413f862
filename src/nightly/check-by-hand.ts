import type { AccountContainer, ListedFile } from '../core/account.ts';
import { asIngestError } from '../core/errors.ts';
import type { DestinationName } from '../core/ids.ts';
import type { Entry } from '../core/model.ts';
import { joinPath, printable, type SharePath } from '../core/share-path.ts';
import { count } from '../core/units.ts';
import type { FoundByHand } from '../ledger/by-hand.ts';
import type { Run } from '../ledger/runs.ts';
import { plain } from './by-hand-evidence.ts';
import { isOurs } from './is-ours.ts';
import { isAway, listingOf, whyUnreadable } from './look-through-account.ts';
import type { NightlyParts } from './parts.ts';
import { accountKey, type OpenAccount } from './readable-accounts.ts';

type Parts = Pick<NightlyParts, 'ledger' | 'assign' | 'clock' | 'emit'>;
type Checking = {
  readonly parts: Parts;
  readonly run: Pick<Run, 'no'>;
  readonly signal: AbortSignal;
  /** Destinations that did not answer, and what they did instead. */
  readonly down: Map<DestinationName, string>;
};

const NOBODY_MAY = 'its token may not read or is not to be used, or the destination says by_hand: off';

/**
 * Once a run: looks whether what was found uploaded by hand is still there. What is not, in this
 * evening and when it was last looked for, loses its mark and goes like new data; what nobody could look for keeps it, and why is noted.
 */
export async function checkByHand(
  checking: Checking,
  readable: ReadonlyMap<string, OpenAccount>,
): Promise<void> {
  const { parts, run } = checking;
  const open = parts.ledger.byHand.toLookFor(run.no);
  for (const [key, found] of Map.groupBy(open, accountKey)) {
    const account = readable.get(key);
    const why = account === undefined ? NOBODY_MAY : await checkAccount(checking, account, found);
    if (why !== undefined) parts.ledger.byHand.noteUnseen(found, { why, runNo: run.no });
  }
}

/** Answers why nothing could be looked for, if that is so. */
async function checkAccount(
  checking: Checking,
  account: OpenAccount,
  all: readonly FoundByHand[],
): Promise<string | undefined> {
  const [first] = all;
  if (first === undefined) return undefined;
  const known = checking.down.get(first.destination);
  if (known !== undefined) return known;
  try {
    const containers = await account.containers();
    if (containers === undefined) return NOBODY_MAY;
    const strange = strangeAccount(checking.parts, all, containers);
    if (strange !== undefined) return strange;
    const byId = new Map(containers.map((one) => [one.id, one]));
    for (const [id, found] of Map.groupBy(all, ({ container }) => container.id)) {
      const unseen = await whyUnreadable(
        async () => await checkContainer(checking, account, { container: byId.get(id), found }),
      );
      if (unseen !== undefined)
        checking.parts.ledger.byHand.noteUnseen(found, { why: unseen, runNo: checking.run.no });
    }
    return undefined;
  } catch (thrown) {
    checking.signal.throwIfAborted();
    const error = asIngestError(thrown, `look for what ${first.owner} has uploaded by hand`);
    if (isOurs(error)) throw error;
    if (isAway(error)) checking.down.set(first.destination, error.message);
    return error.message;
  }
}

/**
 * The listing of another account says nothing of what was found in this one. Whose it is, the destination says with each
 * container: of a token that does not tell its owner nothing else may be known.
 */
function strangeAccount(
  { ledger }: Parts,
  all: readonly FoundByHand[],
  containers: readonly AccountContainer[],
): string | undefined {
  const [first] = all;
  const shown = containers.find(({ account }) => account !== undefined)?.account;
  if (first === undefined || shown === undefined) return undefined;
  const accounts = new Set(all.flatMap(({ container }) => container.account ?? []));
  const own = ledger.knownContainers.accountOf(first.owner);
  if (accounts.size === 0 && own !== undefined) accounts.add(own);
  if (accounts.size === 0 || accounts.has(shown)) return undefined;
  return `the token of ${first.owner} opens the account ${shown}, and what was found is in that of ${[...accounts].join(', ')}`;
}

type InContainer = {
  /** Undefined: the account has it no more. */
  readonly container: AccountContainer | undefined;
  readonly found: readonly FoundByHand[];
};

async function checkContainer(
  { parts, run }: Checking,
  account: OpenAccount,
  { container, found }: InContainer,
): Promise<void> {
  const [first] = found;
  if (first === undefined) return;
  const listed = container === undefined ? undefined : await listingOf(parts, account, first, container);
  const { byHand } = parts.ledger;
  if (container !== undefined && (listed === undefined || listed.files === null)) {
    const why = `it takes more than the ${count(account.mostAsks, 'question')} that one evening may ask`;
    return byHand.noteUnseen(found, { why, runNo: run.no });
  }
  const there = listed?.files === undefined || listed.files === null ? undefined : sizesOf(listed.files);
  for (const one of found) {
    const files = markedFiles(parts, one);
    const why = there === undefined ? 'its owner no longer has it' : missingIn(there, one, files);
    if (why === undefined) byHand.noteSeen(one, { at: parts.clock.now(), runNo: run.no });
    else missed(parts, one, { files, why, runNo: run.no });
  }
}

/** A first look alone is not believed: what is sent twice is a nuisance, and a list may be wrong for an evening. */
function missed(parts: Parts, one: FoundByHand, off: TakenOff): void {
  if (one.isMissed) return takeOff(parts, one, off);
  const why = `${off.why}: the next evening looks once more, and sends it then`;
  parts.ledger.byHand.noteMissed(one, { why, runNo: off.runNo });
}

type TakenOff = { readonly files: readonly Marked[]; readonly why: string; readonly runNo: number };
type Sizes = ReadonlyMap<string, number>;
type Marked = { readonly path: SharePath; readonly entry: Entry };

const sizesOf = (files: readonly ListedFile[]): Sizes =>
  new Map(files.map(({ path, size }) => [plain(path), size]));

/** The files of the dataset on the share that are not sent because they were found. */
function markedFiles(
  { ledger, assign }: Parts,
  { share, dataset, owner, destination }: FoundByHand,
): Marked[] {
  const marked: Marked[] = [];
  for (const { dir, entries } of ledger.looks.below(share, dataset))
    for (const { entry, facts } of entries) {
      if (facts.mark !== 'byHand') continue;
      const path = joinPath(dir, entry.name);
      const whose = assign(share, path, entry);
      if (whose.kind !== 'owned' || whose.dataset !== dataset) continue;
      if (whose.owner === owner && whose.destination === destination) marked.push({ path, entry });
    }
  return marked;
}

/** What of it is not in the container any more, as they lie in the dataset or side by side. */
function missingIn(
  there: Sizes,
  { dataset, below }: FoundByHand,
  files: readonly Marked[],
): string | undefined {
  const prefix = below === '' ? '' : `${plain(below)}/`;
  const inside = dataset === '' ? 0 : dataset.length + 1;
  const missing = (placeOf: (path: SharePath) => string): Marked[] =>
    files.filter(({ path, entry }) => there.get(prefix + plain(placeOf(path))) !== entry.size);
  const asTheyLie = missing((path) => path.slice(inside));
  const sideBySide = missing((path) => path.slice(path.lastIndexOf('/') + 1));
  const [first, ...rest] = asTheyLie.length <= sideBySide.length ? asTheyLie : sideBySide;
  if (first === undefined) return undefined;
  const more = rest.length === 0 ? '' : ` and ${count(rest.length, 'more file')}`;
  return `it no longer has ${printable(first.path.slice(inside))}${more} with that size`;
}

/** The dataset goes like new data from now on; it may be found again in another container. */
function takeOff({ ledger, clock, emit }: Parts, found: FoundByHand, { files, why, runNo }: TakenOff): void {
  ledger.transaction(() => {
    ledger.looks.assign(
      found.share,
      files.map(({ path }) => path),
      (facts) => (facts.mark === 'byHand' ? { ...facts, mark: 'none' } : facts),
    );
    ledger.byHand.markGone(found, { files: files.length, why, at: clock.now(), runNo });
  });
  emit({ name: 'dataset.by-hand-gone', found: { ...found, kind: 'gone', why } });
}
