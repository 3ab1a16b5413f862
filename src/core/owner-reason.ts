import type { OwnerId } from './ids.ts';

/** Why the collector gets data: the whole list, in the order in which reports tell them. */
export const COLLECTOR_CODES = ['NO_RULE', 'UNKNOWN_OWNER', 'BY_RULE', 'OWNER_LEFT', 'NO_TOKEN'] as const;
export type CollectorCode = (typeof COLLECTOR_CODES)[number];

/** Why the mapping holds data for a person: the whole list. */
export const HOLD_CODES = [
  'BY_RULE',
  'AMBIGUOUS',
  'UNRESOLVED',
  'NO_TOKEN',
  'PAUSED',
  'OPTED_OUT',
  'OWNER_LEFT',
  'CONTROL_FILE',
] as const;
export type HoldCode = (typeof HOLD_CODES)[number];

/** A known owner whose name is much like one that is unknown. Shown to people, never used. */
export type Suggestion = { readonly name: string; readonly owner: OwnerId; readonly edits: number };
