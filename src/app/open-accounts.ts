import type { Config, MappingConfig } from '../config/config.ts';
import type { Account, Asks } from '../core/account.ts';
import type { Clock } from '../core/clock.ts';
import { IngestError } from '../core/errors.ts';
import { COLLECTOR } from '../core/ids.ts';
import type { Secret } from '../core/secret.ts';
import type { TokenStore } from '../credentials/read-token.ts';
import type { Destination } from '../destinations/destination.ts';
import { tokenFacts } from '../destinations/nomad/token.ts';
import { type Accounts, accountKey, type OpenAccount } from '../nightly/readable-accounts.ts';
import { type OwnerAt, refuseSharedAccount, type SharingParts, takenBy } from './account-of-two.ts';
import { ownerToken, tokenRef } from './owner-token.ts';

type AccountParts = {
  readonly config: Config;
  readonly ledger: SharingParts['ledger'];
  readonly store: TokenStore;
  readonly destination: (name: Config['destinations'][number]['name']) => Destination;
  readonly mapping: () => MappingConfig;
  readonly clock: Pick<Clock, 'now'>;
};

/** The accounts of owners as their own tokens show them. What may be asked of one is for a whole run. */
export function openAccounts({ config, ledger, store, destination, mapping, clock }: AccountParts): Accounts {
  let runNo = 0;
  let asked = new Map<string, Asks>();
  return {
    readable: async (run, signal) => {
      if (run !== runNo) [runNo, asked] = [run, new Map()];
      const found = new Map<string, OpenAccount>();
      const now = mapping();
      for (const options of config.destinations) {
        if (options.kind !== 'nomad' || options.byHand === 'off') continue;
        const { name, byHandRequests: mostAsks, byHandEvenings: sendsIn } = options;
        const compares = options.byHand === 'hash';
        for (const owner of [...now.owners.map(({ id }) => id), COLLECTOR]) {
          const at = { owner, destination: name };
          const key = accountKey(at);
          const asks = asked.get(key) ?? { left: mostAsks, bytesLeft: options.byHandBytes };
          asked.set(key, asks);
          // One that cannot be used is the deliveries' to tell.
          const token = await ownerToken({ ...config, mapping: now }, store, at).catch(() => undefined);
          const isTaken = takenBy(destination(name), signal);
          const sharing = { config: { mapping: now }, ledger, store, isTaken };
          const refused = await refusalOf(sharing, at, token);
          if (refused?.disposition === 'operator') continue;
          const account = destination(name).account?.({ token, signal }, asks);
          if (account === undefined) continue;
          const containers =
            refused === undefined
              ? learning(account, { ...sharing, clock }, { at, token })
              : () => Promise.reject(refused);
          found.set(key, { ...account, containers, asks, mostAsks, sendsIn, compares });
        }
      }
      return found;
    },
  };
}

/**
 * With its list of containers the destination tells whose account it is, which a personal access token does not: what is
 * learned so counts at once, and for deliveries too. The list of somebody else's account is none of this owner's.
 */
function learning(
  { containers }: Account,
  parts: SharingParts & Pick<AccountParts, 'clock'>,
  { at, token }: { readonly at: OwnerAt; readonly token: Secret | undefined },
): Account['containers'] {
  return async () => {
    const found = await containers();
    const userId = found?.find(({ account }) => account !== undefined)?.account;
    const name = tokenRef(parts.config, at.owner, 'nomad')?.token;
    if (userId === undefined || name === undefined || token === undefined) return found;
    if (tokenFacts(token).userId !== undefined) return found;
    parts.ledger.credentials.learn(name, token, userId, parts.clock.now());
    await refuseSharedAccount(parts, at, token);
    return found;
  };
}

/** Of a token that opens somebody else's account: what is not in there says nothing of the owner's own. */
async function refusalOf(
  parts: SharingParts,
  at: OwnerAt,
  token: Secret | undefined,
): Promise<IngestError | undefined> {
  try {
    await refuseSharedAccount(parts, at, token);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof IngestError) return thrown;
    throw thrown;
  }
}
