import type { Config } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';
import { COLLECTOR, type DestinationName, type OwnerId } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';
import type { TokenStore } from '../credentials/read-token.ts';
import type { Destination } from '../destinations/destination.ts';
import { type TokenFacts, tokenFacts } from '../destinations/nomad/token.ts';
import type { Ledger } from '../ledger/open-ledger.ts';
import { refuseOtherAccount } from './account-so-far.ts';
import { tokenRef } from './owner-token.ts';

export type SharingParts = {
  readonly config: Pick<Config, 'mapping'>;
  readonly ledger: Pick<Ledger, 'credentials' | 'knownContainers'>;
  readonly store: TokenStore;
  /** Whether the platform takes a token now, asked without any effect; throws what says neither. */
  readonly isTaken: (token: Secret) => Promise<boolean>;
};

/** Asks the destination as it is asked whether it is well. */
export function takenBy(
  destination: Pick<Destination, 'check'>,
  signal: AbortSignal,
): SharingParts['isTaken'] {
  return async (token) => {
    try {
      await destination.check({ token, signal });
      return true;
    } catch (thrown) {
      if (thrown instanceof IngestError && thrown.code === 'TOKEN_REJECTED') return false;
      throw thrown;
    }
  };
}

/** An owner's token and what is known of it without asking. */
type Held = {
  readonly owner: OwnerId;
  readonly token: Secret;
  readonly facts: TokenFacts;
  /** The account: as the token says it, else as the platform told when it was enrolled or first used. */
  readonly userId: string | undefined;
  /** The platform itself had told that it is a token of this account. */
  readonly isProven: boolean;
};

/** The owners with a token for NOMAD, the collector among them. */
export function ownersWithTokens({
  mapping,
}: Pick<Config, 'mapping'>): { readonly owner: OwnerId; readonly name: string; readonly userId?: string }[] {
  const everybody = [...mapping.owners.map(({ id }) => id), COLLECTOR];
  return everybody.flatMap((owner) => {
    const ref = tokenRef({ mapping }, owner, 'nomad');
    return ref === undefined ? [] : [{ owner, name: ref.token, ...userIdIn(ref) }];
  });
}

const userIdIn = ({ userId }: { readonly userId?: string }): { userId?: string } =>
  userId === undefined ? {} : { userId };

export type OwnerAt = { readonly owner: OwnerId; readonly destination: DestinationName };

/**
 * ACCOUNT_SHARED when the account that this token opens is another owner's as well: the data of both would land there.
 * An id inside a token is no proof that the platform takes it. So a token that only looks like one of the account
 * holds nobody but its own owner, while `user_id` of folders.yaml, a proof at enrolment and the platform itself count.
 * TOKEN_REJECTED when it is not the account of `user_id`, or, without that, not the one known so far.
 */
export async function refuseSharedAccount(
  parts: SharingParts,
  { owner, destination }: OwnerAt,
  token: Secret | undefined,
): Promise<void> {
  if (token === undefined) return;
  const all = ownersWithTokens(parts.config);
  const own = all.find((one) => one.owner === owner);
  const mine = held(parts, owner, own?.name ?? '', token);
  if (mine.userId === undefined) return;
  if (own?.userId !== undefined && !same(own.userId, mine.userId))
    throw notTheirs(owner, mine.userId, own.userId);
  for (const other of all)
    if (other.owner !== owner && (await isAlsoOf(parts, { mine, configured: own?.userId }, other)))
      throw sharedAccount(owner, other.owner, mine.userId);
  refuseUnlessMeant(parts, { owner, destination, own }, mine.userId);
}

type OwnToken = OwnerAt & { readonly own: ReturnType<typeof ownersWithTokens>[number] | undefined };

function refuseUnlessMeant(
  { ledger }: SharingParts,
  { owner, destination, own }: OwnToken,
  userId: string,
): void {
  if (own === undefined || own.userId !== undefined) return;
  refuseOtherAccount(ledger, { owner, destination, name: own.name }, userId);
}

type Mine = { readonly mine: Held; readonly configured: string | undefined };

async function isAlsoOf(
  parts: SharingParts,
  { mine, configured }: Mine,
  { owner, name, userId }: ReturnType<typeof ownersWithTokens>[number],
): Promise<boolean> {
  if (same(userId, mine.userId)) return true;
  // By folders.yaml it is this owner's: the other one is held.
  if (same(configured, mine.userId)) return false;
  const theirs = await readHeld(parts, owner, name);
  return theirs !== undefined && (await decideShared(parts, mine, theirs));
}

const same = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && a.toLowerCase() === b?.toLowerCase();

function held({ ledger: { credentials } }: SharingParts, owner: OwnerId, name: string, token: Secret): Held {
  const facts = tokenFacts(token);
  const told = credentials.learned(name, token);
  const enrolled = told ?? credentials.find(name)?.userId;
  const userId = facts.userId ?? enrolled;
  return { owner, token, facts, userId, isProven: same(enrolled, userId) };
}

/** Undefined for a token that cannot be used at all: nothing goes anywhere with it. */
async function readHeld(parts: SharingParts, owner: OwnerId, name: string): Promise<Held | undefined> {
  try {
    const theirs = held(parts, owner, name, await parts.store.token(name));
    if (theirs.userId !== undefined) return theirs;
    // Nobody has told of this token: what they delivered with the one before it is in that account.
    const userId = parts.ledger.knownContainers.accountOf(owner);
    return { ...theirs, userId, isProven: userId !== undefined };
  } catch (thrown) {
    if (thrown instanceof IngestError) return undefined;
    throw thrown;
  }
}

/** Whether both open one account. Throws where nobody can tell: then nothing may be sent. */
async function decideShared({ isTaken }: SharingParts, mine: Held, theirs: Held): Promise<boolean> {
  if (mine.token.isSame(theirs.token)) return true;
  if (!same(mine.userId, theirs.userId)) return false;
  if (theirs.isProven) return true;
  // An account has one upload token at a time: of two different ones the platform takes one at most.
  if (mine.facts.kind === 'upload' && theirs.facts.kind === 'upload') return false;
  if (await isTaken(theirs.token)) return true;
  // The user management may have been down just then: it counts only beside a token that is taken.
  if (await isTaken(mine.token)) return await isTaken(theirs.token);
  throw new IngestError(
    'TOKEN_REJECTED',
    `the platform takes neither the token of ${mine.owner} nor that of ${theirs.owner}, both of the account ${mine.userId}`,
    {
      hint: `Nothing was sent. Enrol a token of its own account for each: nightjar token enrol ${mine.owner}.`,
      context: { owner: mine.owner, other: theirs.owner },
    },
  );
}

/** What a personal access token does not tell by itself, the platform told. */
function notTheirs(owner: OwnerId, actual: string, configured: string): IngestError {
  return new IngestError(
    'TOKEN_REJECTED',
    `the token of ${owner} opens the account ${actual}, not ${configured}`,
    {
      hint: `Enrol a token of user ${configured} for ${owner}, or correct user_id in the folder mapping. Nothing was sent.`,
      context: { owner, userId: configured, actual },
    },
  );
}

/** Both are told: which of them it really is, only a person knows. */
export function sharedAccount(owner: OwnerId, other: OwnerId, userId: string): IngestError {
  return new IngestError(
    'ACCOUNT_SHARED',
    `the data of both would land in one account: the token of ${owner} opens the same account as that of ${other} (user ${userId})`,
    {
      hint: `Enrol a token of an account of its own for the one whose it is not (nightjar token enrol ${owner}, or ${other}), or make the two one owner with an alias in folders.yaml. Nothing was sent.`,
      context: { owner, other, userId },
    },
  );
}
