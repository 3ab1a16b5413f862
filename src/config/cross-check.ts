import { checkComplete } from './check-complete.ts';
import { checkDefaultDestination, checkOwners } from './check-owners.ts';
import { checkPlaces } from './check-places.ts';
import { checkRules } from './check-rules.ts';
import { checkSending } from './check-sending.ts';
import { checkSources } from './check-sources.ts';
import type { Outline } from './outline.ts';
import type { Finding } from './problem.ts';
import type { Recipes } from './read-recipes.ts';

/** What no schema can see, by the file it is to be mended in. */
export function crossCheck(
  outline: Outline,
  recipes: Recipes,
): {
  readonly nightjar: readonly Finding[];
  readonly folders: readonly Finding[];
} {
  return {
    nightjar: [...checkPlaces(outline), ...checkDefaultDestination(outline)],
    folders: [
      ...checkRules(outline),
      ...checkComplete(outline, recipes),
      ...checkOwners(outline),
      ...checkSending(outline),
      ...checkSources(outline),
    ],
  };
}
