import type { Config, MappingConfig } from '../config/config.ts';
import type { Asks } from '../core/account.ts';
import type { TokenStore } from '../credentials/read-token.ts';
import type { Destination } from '../destinations/destination.ts';
import type { Accounts } from '../nightly/find-by-hand.ts';
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
    open: async ({ owner, destination: name }, run, signal) => {
      const options = config.destinations.find((one) => one.name === name);
      if (options?.kind !== 'nomad' || options.byHand === 'off') return undefined;
      if (run !== runNo) [runNo, asked] = [run, new Map()];
      const key = `${name}/${owner}`;
      const most = options.byHandRequests;
      const asks = asked.get(key) ?? { left: most };
      asked.set(key, asks);
      const token = await ownerToken({ ...config, mapping: mapping() }, store, { owner, destination: name });
      const account = destination(name).account?.({ token, signal }, asks);
      return account === undefined
        ? undefined
        : { ...account, asks, mostAsks: most, sendsIn: options.byHandEvenings };
    },
  };
}
