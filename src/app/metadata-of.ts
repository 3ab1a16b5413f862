import type { MappingConfig } from '../config/config.ts';
import type { ContainerMetadata } from '../core/container-metadata.ts';
import { COLLECTOR } from '../core/ids.ts';
import type { Batch } from '../core/model.ts';

/**
 * What the mapping says now of the data in a batch's container: the owner's coauthors, and what the rule says whose
 * containers these are. The id of an owner whose account is known stands for that account.
 */
export function metadataOf(
  { owners, rules }: Pick<MappingConfig, 'owners' | 'rules'>,
  batch: Pick<Batch, 'owner' | 'apart'>,
): ContainerMetadata {
  const owner = batch.owner === COLLECTOR ? undefined : owners.find(({ id }) => id === batch.owner);
  const rule = batch.apart === undefined ? undefined : rules.find(({ id }) => id === batch.apart);
  const said = rule?.metadata;
  const account = (name: string): string =>
    owners.find(({ id }) => id === name)?.tokens['nomad']?.userId ?? name;
  const people = (names: readonly string[]): string[] => [...new Set(names.map(account))];
  return {
    references: [],
    ...said,
    coauthors: people([...(owner?.coauthors ?? []), ...(said?.coauthors ?? [])]),
    reviewers: people(said?.reviewers ?? []),
  };
}
