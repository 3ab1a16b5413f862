import type { Config, MappingConfig } from '../config/config.ts';
import type { Asks } from '../core/account.ts';
import { COLLECTOR } from '../core/ids.ts';
import type { TokenStore } from '../credentials/read-token.ts';
import type { Destination } from '../destinations/destination.ts';
import { type Accounts, accountKey, type OpenAccount } from '../nightly/readable-accounts.ts';
import { ownerToken } from './owner-token.ts';

type AccountParts = {
  readonly config: Config;
  readonly store: TokenStore;
  readonly destination: (name: Config['destinations'][number]['name']) => Destination;
  readonly mapping: () => MappingConfig;
};

/** The accounts of owners as their own tokens show them. What may be asked of one is for a whole run. */
export function openAccounts({ config, store, destination, mapping }: AccountParts): Accounts {
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
          const account = destination(name).account?.({ token, signal }, asks);
          if (account !== undefined) found.set(key, { ...account, asks, mostAsks, sendsIn, compares });
        }
      }
      return found;
    },
  };
}
