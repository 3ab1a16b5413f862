import type { DestinationConfig } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';
import type { OwnerId } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';
import type { TokenStore } from '../credentials/read-token.ts';
import {
  checkTokenOwner,
  lastingToken,
  refuseAdmin,
  type TokenFacts,
  tokenFacts,
} from '../destinations/nomad/token.ts';
import { ownersWithTokens } from './account-of-two.ts';
import { refuseOtherAccount } from './account-so-far.ts';
import { tokenRef } from './owner-token.ts';
import type { Workspace } from './workspace.ts';

export type NomadDestination = Extract<DestinationConfig, { kind: 'nomad' }>;

/** A token that is to be an owner's. `userId`: whose login it was made with, where the token itself does not tell. */
export type Candidate = {
  readonly owner: OwnerId;
  readonly destination: NomadDestination;
  readonly token: Secret;
  readonly userId?: string | undefined;
};

export type ProvenToken = {
  readonly facts: TokenFacts;
  readonly userId: string | undefined;
  /** What the platform said to it. */
  readonly said: string;
};

/**
 * Everything that must hold before a token may deliver an owner's data: it lasts, it is not the administrator's, it is
 * the configured person's, no other owner has one of the same account, the owner's data went to no other account so
 * far, and the platform takes it. Asks only what changes nothing. Throws TOKEN_REJECTED, ACCOUNT_SHARED and what the network throws.
 */
export async function proveToken(
  { config, destination, clock, ledger }: Pick<Workspace, 'config' | 'destination' | 'clock' | 'ledger'>,
  store: TokenStore,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<ProvenToken> {
  const { owner, token } = candidate;
  const facts = lastingToken(token, clock.now());
  const userId = facts.userId ?? candidate.userId;
  const ref = tokenRef(config, owner, 'nomad');
  if (ref?.userId !== undefined) checkTokenOwner(token, ref.userId, owner);
  if (ref?.userId !== undefined && userId !== undefined && userId.toLowerCase() !== ref.userId.toLowerCase())
    throw notTheirs(owner, userId, ref.userId);
  refuseAdmin(candidate.destination.adminUserIds, userId);
  if (userId !== undefined) await refuseShared({ config, ledger }, store, owner, userId);
  if (userId !== undefined && ref?.userId === undefined)
    refuseOtherAccount(ledger, { owner, destination: candidate.destination.name }, userId);
  const said = await destination(candidate.destination.name).check({ token, signal });
  return { facts, userId, said };
}

async function refuseShared(
  { config, ledger }: Pick<Workspace, 'config' | 'ledger'>,
  store: TokenStore,
  owner: OwnerId,
  userId: string,
): Promise<void> {
  for (const other of ownersWithTokens(config)) {
    if (other.owner === owner) continue;
    const isThere = (await store.check(other.name)) === undefined;
    // A personal access token does not say whose it is; the ledger does, since it was enrolled.
    const theirs = isThere
      ? ((await factsOf(store, other.name))?.userId ?? ledger.credentials.find(other.name)?.userId)
      : undefined;
    if (![theirs, other.userId].some((id) => id?.toLowerCase() === userId.toLowerCase())) continue;
    throw new IngestError(
      'ACCOUNT_SHARED',
      `the account ${userId} is already that of ${other.owner}: the data of both would land there`,
      {
        hint: `Log in with an account of ${owner}'s own, or make the two one owner with an alias in folders.yaml.`,
        context: { owner, other: other.owner, userId },
      },
    );
  }
}

async function factsOf(store: TokenStore, name: string): Promise<TokenFacts | undefined> {
  try {
    return tokenFacts(await store.token(name));
  } catch (thrown) {
    if (thrown instanceof IngestError) return undefined;
    throw thrown;
  }
}

function notTheirs(owner: OwnerId, actual: string, configured: string): IngestError {
  return new IngestError(
    'TOKEN_REJECTED',
    `the login for ${owner} is of user ${actual}, not of ${configured}`,
    {
      hint: `Log in as user ${configured}, or correct user_id of ${owner} in folders.yaml. Nothing was stored.`,
      context: { owner, actual, configured },
    },
  );
}
