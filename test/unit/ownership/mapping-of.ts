import { destinationName, ownerId } from '../../../src/core/ids.ts';
import type { Mapping, Rule } from '../../../src/ownership/mapping.ts';

/** A rule as a test writes it: its number and its line follow from its place. */
export type RuleText = Omit<Rule, 'id' | 'at' | 'owner' | 'destination'> & {
  readonly owner?: string;
  readonly destination?: string;
};

export type MappingText = {
  readonly rules: readonly RuleText[];
  readonly owners?: Readonly<Record<string, readonly string[]>>;
  readonly ignore?: readonly string[];
};

export const DEFAULT_SETTLE_MS = 20 * 60_000;

/** A mapping with rules "rule 1" at "folders.yaml:2" and so on; data goes to "nomad" unless a rule says otherwise. */
export function mappingOf({ rules, owners = {}, ignore = [] }: MappingText): Mapping {
  return {
    rules: rules.map(({ owner, destination, ...rest }, index) => ({
      ...rest,
      id: `rule ${index + 1}`,
      at: `folders.yaml:${index + 2}`,
      ...(owner === undefined ? {} : { owner: ownerId(owner) }),
      ...(destination === undefined ? {} : { destination: destinationName(destination) }),
    })),
    owners: Object.entries(owners).map(([id, aliases]) => ({ id: ownerId(id), aliases })),
    ignore,
    defaultSettleMs: DEFAULT_SETTLE_MS,
    defaultDestination: destinationName('nomad'),
  };
}
