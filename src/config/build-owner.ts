import { ownerId } from '../core/ids.ts';
import type { OwnerConfig, Tokens } from './config.ts';
import { defined } from './defined.ts';
import type { FoldersFile } from './folders-schema.ts';

type OwnerBlock = FoldersFile['owners'][string];

export function buildOwner(id: string, owner: OwnerBlock): OwnerConfig {
  const { name, email, aliases, opt_out: optOut, paused, manual } = owner;
  return {
    ...{ id: ownerId(id), aliases, tokens: buildTokens(owner) },
    ...defined({
      coauthors: owner.coauthors,
      name,
      email,
      paused: paused && { reason: paused.reason, ...defined({ until: paused.until }) },
      leaves: buildLeaving(owner.leaves),
      optOut: buildOptOut(optOut),
      manual,
    }),
  };
}

function buildOptOut(optOut: OwnerBlock['opt_out']): OwnerConfig['optOut'] {
  if (optOut === undefined) return undefined;
  const { until, reason, instruments } = optOut;
  return { until, reason, ...defined({ instruments }) };
}

/** Who has which token, by kind of destination. */
export function buildTokens(account: Pick<OwnerBlock, 'nomad'>): Tokens {
  const token = account.nomad?.token;
  if (token === undefined) return {};
  return { nomad: { token, ...defined({ userId: account.nomad?.user_id }) } };
}

const DAY_MS = 86_400_000;

function buildLeaving(leaves: OwnerBlock['leaves']): OwnerConfig['leaves'] {
  if (leaves === undefined) return undefined;
  const { on, successor, collector_after: after } = leaves;
  return {
    on,
    ...defined({
      successor: successor === undefined ? undefined : ownerId(successor),
      collectorAfterDays: after === undefined ? undefined : Math.ceil(after / DAY_MS),
    }),
  };
}
