import { parseTemplate } from '../ownership/parse-template.ts';
import { completeBlock, conditionOf, partsIn } from './complete-schema.ts';
import { withNearest } from './nearest.ts';
import type { Outline, RuleLine } from './outline.ts';
import type { Finding } from './problem.ts';
import { quote } from './raw-value.ts';
import type { Recipes } from './read-recipes.ts';

/** Recipes that there are not, and counts that refer to a part which the rule's template does not have as a number. */
export function checkComplete({ rules }: Outline, recipes: Recipes): Finding[] {
  return rules.flatMap((rule) => [
    ...checkRecipe(rule, recipes),
    ...checkCounts(rule, 'complete', partsOfBlock(rule)),
    ...checkCounts(rule, 'recipe', partsOfRecipe(rule, recipes)),
  ]);
}

function checkRecipe({ recipe, path }: RuleLine, { names }: Recipes): Finding[] {
  if (recipe === undefined || names.includes(recipe)) return [];
  const message = `expected the name of a recipe (${names.join(', ')}), found ${quote(recipe)}`;
  return [{ path: [...path, 'recipe'], message, ...withNearest(recipe, names) }];
}

function partsOfBlock(rule: RuleLine): string[] {
  const block = completeBlock.safeParse(rule.complete);
  return block.success ? partsIn(conditionOf(block.data)) : [];
}

function partsOfRecipe({ recipe }: RuleLine, { byName }: Recipes): string[] {
  const found = byName.get(recipe ?? '');
  return found === undefined ? [] : partsIn(found.condition);
}

function checkCounts(rule: RuleLine, key: string, parts: readonly string[]): Finding[] {
  const { match } = rule;
  const known = match === undefined ? undefined : numbersIn(match);
  if (match === undefined || known === undefined) return [];
  return parts
    .filter((part) => !known.includes(part))
    .map((part) => ({
      path: [...rule.path, key],
      message: `expected {${part}:number} as a part of \`match\`, in the name of a directory, for the count "{${part}}", found ${quote(match)}`,
    }));
}

/** The parts of a template that are a number in a directory's name; undefined when the template cannot be read. */
function numbersIn(match: string): string[] | undefined {
  try {
    const { segments, deep } = parseTemplate(match);
    const tokens = (deep ? segments : segments.slice(0, -1)).flat();
    return tokens.flatMap((token) =>
      token.kind === 'part' && token.type.kind === 'number' ? [token.name] : [],
    );
  } catch {
    return undefined;
  }
}
