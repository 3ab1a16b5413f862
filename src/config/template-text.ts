import type { RuleLine } from './outline.ts';

/** What can be said of a rule from its text alone. */
export const hasOwnerPart = (match: string | undefined): boolean => match?.includes('{owner}') === true;
export const hasPart = (match: string, part: string): boolean =>
  match.includes(`{${part}}`) || match.includes(`{${part}:`);

/** False for a rule that holds or excludes: nothing of it is ever delivered. */
export const sendsFiles = (rule: RuleLine): boolean => !rule.holds && !rule.excludes;
