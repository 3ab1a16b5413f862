import { createTokenStore } from '../credentials/read-token.ts';
import { tokenFacts } from '../destinations/nomad/token.ts';
import { ownersWithTokens } from './account-of-two.ts';
import type { Deliveries } from './deliveries.ts';
import { createRefusedWatch, type LaneEvent, type RefusedWatch } from './watch-refused.ts';
import type { Workspace } from './workspace.ts';

type OpenParts = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly token: Deliveries['token'];
  readonly emit: (event: LaneEvent) => void;
  readonly onResumed: () => void;
  readonly onError: (thrown: unknown) => void;
};

/** Asks about refused tokens until it is closed: by the mapping in force and the token files as they are then. */
export function openRefusedWatch(
  { config, ledger, clock, mapping, destination }: Workspace,
  { env, token, ...told }: OpenParts,
): Pick<RefusedWatch, 'mayHeal'> & AsyncDisposable {
  const { retryLimit, retryFirstMs, retryMaxMs } = config.deliveries;
  const store = createTokenStore({ dir: config.credentials.dir, env });
  const inForce = () => ({ mapping: mapping.current().mapping });
  const watch = createRefusedWatch({
    ...{ ledger, clock, ...told },
    ask: async (account, signal) => {
      await destination(account.destination).check({ token: await token(account, signal), signal });
    },
    // Of all owners: what one waits for may be that another gets a token of an account of its own.
    stamp: async () => {
      const all = ownersWithTokens(inForce());
      const stamps = all.map(
        async ({ owner, name, userId }) => `${owner} ${name} ${userId ?? ''} ${await store.stamp(name)}`,
      );
      return (await Promise.all(stamps)).join('\n');
    },
    kindOf: async (owner) => {
      const name = ownersWithTokens(inForce()).find((one) => one.owner === owner)?.name ?? '';
      return await store.token(name).then(
        (read) => tokenFacts(read).kind,
        () => undefined,
      );
    },
    witnesses: () => ownersWithTokens(inForce()).map(({ owner }) => owner),
    retry: { limit: retryLimit, firstMs: retryFirstMs, maxMs: retryMaxMs },
  });
  const closed = new AbortController();
  const watching = watch.run(closed.signal);
  return {
    mayHeal: watch.mayHeal,
    [Symbol.asyncDispose]: async () => {
      closed.abort();
      await watching;
    },
  };
}
