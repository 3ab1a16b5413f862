import { checkDefaultDestination, checkOwners } from './check-owners.ts';
import { checkPlaces } from './check-places.ts';
import { checkRules } from './check-rules.ts';
import type { Outline } from './outline.ts';
import type { Finding } from './problem.ts';

/** What no schema can see, by the file it is to be mended in. */
export function crossCheck(outline: Outline): {
  readonly nightjar: readonly Finding[];
  readonly folders: readonly Finding[];
} {
  return {
    nightjar: [...checkPlaces(outline), ...checkDefaultDestination(outline)],
    folders: [...checkRules(outline), ...checkOwners(outline)],
  };
}
