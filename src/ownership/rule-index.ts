import type { CompiledRule } from './compile-rule.ts';

/** Finds the few rules that a file's first directory leaves in the running. */
export type RuleIndex = {
  /** In the mapping's order. */
  readonly forFile: (segments: readonly string[]) => readonly CompiledRule[];
};

/** A lab has a rule or two for each of many instruments: those begin with a name, and only theirs is looked at. */
export function createRuleIndex(rules: readonly CompiledRule[]): RuleIndex {
  const anywhere = rules.filter((compiled) => compiled.firstNames === undefined);
  const named = new Set(rules.flatMap((compiled) => compiled.firstNames ?? []));
  const byFirst = new Map<string, readonly CompiledRule[]>();
  for (const name of named)
    byFirst.set(
      name,
      rules.filter(({ firstNames }) => firstNames === undefined || firstNames.includes(name)),
    );
  return {
    // What stands first in the path of a file at the root is its own name, not a directory's.
    forFile: ([first = '', ...below]) => (below.length === 0 ? rules : (byFirst.get(first) ?? anywhere)),
  };
}
