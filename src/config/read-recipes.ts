import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Condition } from '../core/completion.ts';
import { systemCode } from '../core/errors.ts';
import { conditionOf } from './complete-schema.ts';
import { schemaOf } from './json-schema.ts';
import { checkAgainst, findingsOf, problemsOf } from './locate-problems.ts';
import type { Finding, Problem } from './problem.ts';
import { readSource } from './read-source.ts';
import { recipeSchema } from './recipe-schema.ts';

/** How an instrument ends a dataset, ready for rules. */
export type Recipe = { readonly settleMs: number; readonly condition: Condition };

export type Recipes = {
  /** Those that were asked for, or are the site's, and are right. */
  readonly byName: ReadonlyMap<string, Recipe>;
  /** All there are. */
  readonly names: readonly string[];
  /** What is wrong in the files read. */
  readonly problems: readonly Problem[];
  /** What is wrong with the site's directory, as a finding of nightjar.yaml. */
  readonly findings: readonly Finding[];
};

/** The recipes that come with Nightjar. */
const SHIPPED_DIR = join(import.meta.dirname, '../../config/instruments');

/**
 * Reads the recipes of these names, and all of the site's own directory so that a mistake in it is told even before it
 * is used. A recipe of the site takes the place of the shipped one of its name.
 */
export function readRecipes(wanted: ReadonlySet<string>, siteDir: string | undefined): Recipes {
  const shipped = namesIn(SHIPPED_DIR);
  const site = siteDir === undefined ? { names: [] } : namesIn(siteDir);
  const files = new Map<string, string>();
  for (const name of shipped.names) if (wanted.has(name)) files.set(name, SHIPPED_DIR);
  for (const name of site.names) files.set(name, siteDir ?? '');
  const byName = new Map<string, Recipe>();
  const problems: Problem[] = [];
  for (const [name, dir] of files) {
    const read = readRecipe(join(dir, `${name}.yaml`));
    if ('problems' in read) problems.push(...read.problems);
    else byName.set(name, read);
  }
  const findings: Finding[] =
    site.error === undefined
      ? []
      : [{ path: ['recipes'], message: `expected a directory of recipes, found ${siteDir}: ${site.error}` }];
  return { byName, names: [...new Set([...shipped.names, ...site.names])].sort(), problems, findings };
}

function namesIn(dir: string): { readonly names: readonly string[]; readonly error?: string } {
  try {
    const files = readdirSync(dir).filter((file) => file.endsWith('.yaml'));
    return { names: files.map((file) => file.slice(0, -'.yaml'.length)) };
  } catch (error) {
    return { names: [], error: systemCode(error) ?? String(error) };
  }
}

/** One recipe, or what is wrong with its file. */
function readRecipe(file: string): Recipe | { readonly problems: readonly Problem[] } {
  const source = readSource(file);
  const decoded = checkAgainst(recipeSchema, () => schemaOf('recipe'), source);
  if (decoded?.ok !== true) return { problems: problemsOf(file, source, findingsOf(decoded)) };
  return { settleMs: decoded.value.settle, condition: conditionOf(decoded.value.complete) };
}
