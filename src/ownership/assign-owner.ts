import type { Assignment } from '../core/model.ts';
import { parentOf, type SharePath } from '../core/share-path.ts';
import { type CompiledRule, compileRules } from './compile-rule.ts';
import { decide, type Grounds } from './decide.ts';
import { createIgnoreFiles } from './ignore-files.ts';
import type { Mapping } from './mapping.ts';
import { canMatchIn, type PathParts, partsOf } from './match-rule.ts';
import { rememberMatches } from './match-segment.ts';
import { createOwnerIndex } from './owner-index.ts';
import { createRuleIndex } from './rule-index.ts';
import { type Trace, traceRules } from './trace-rules.ts';

/** Says of every file whose it is; the same path always gets the same answer. */
export type Assigner = {
  readonly assign: (path: SharePath) => Assignment;
  readonly trace: (path: SharePath) => Trace;
};

/** What is known of a directory: `same` when all its files fare alike, else the rules left for each to be held against. */
type DirectoryView = {
  readonly ignoredBy: string | undefined;
  readonly same: Assignment | undefined;
  readonly rules: readonly CompiledRule[];
};

/** Directories come one after another in a walk, so a few remembered ones serve nearly every file. */
const REMEMBERED_DIRECTORIES = 4096;

/** Throws CONFIG_INVALID, naming every problem, when the mapping makes no sense; `assign` itself never fails. */
export function createAssigner(mapping: Mapping): Assigner {
  const rules = compileRules(mapping);
  const index = createRuleIndex(rules);
  const ignore = createIgnoreFiles(mapping.ignore);
  const owners = createOwnerIndex(mapping.owners);
  const grounds: Grounds = { mapping, owners, matches: rememberMatches() };
  const views = new Map<SharePath, DirectoryView>();

  const look = (path: SharePath, parts: PathParts): DirectoryView => {
    const ignoredBy = ignore.byDirectory(parts.segments);
    if (ignoredBy !== undefined) return { ignoredBy, same: undefined, rules: [] };
    const left = index
      .forFile(parts.segments)
      .filter((compiled) => canMatchIn(compiled, parts, grounds.matches));
    const same = left.some((compiled) => compiled.dependsOnName)
      ? undefined
      : decide(left, path, parts, grounds).assignment;
    return { ignoredBy, same, rules: left };
  };

  const viewOf = (path: SharePath, parts: PathParts): DirectoryView => {
    const directory = parentOf(path);
    const known = views.get(directory);
    if (known !== undefined) return known;
    if (views.size >= REMEMBERED_DIRECTORIES) views.clear();
    const view = look(path, parts);
    views.set(directory, view);
    return view;
  };

  return {
    assign: (path) => {
      const parts = partsOf(path);
      const view = viewOf(path, parts);
      const ignoredBy = view.ignoredBy ?? ignore.byName(parts.segments);
      if (ignoredBy !== undefined) return ignored(ignoredBy, parts);
      return view.same ?? decide(view.rules, path, parts, grounds).assignment;
    },
    trace: (path) => {
      const parts = partsOf(path);
      const ignoredBy = ignore.byDirectory(parts.segments) ?? ignore.byName(parts.segments);
      if (ignoredBy !== undefined)
        return { path, ignoredBy, steps: [], winner: undefined, assignment: ignored(ignoredBy, parts) };
      const decision = decide(rules, path, parts, grounds);
      const steps = traceRules(rules, decision, parts, grounds);
      return { path, ignoredBy, steps, winner: decision.winner?.rule.id, assignment: decision.assignment };
    },
  };
}

function ignored(pattern: string, parts: PathParts): Assignment {
  return { kind: 'excluded', reason: `ignored by '${pattern}'`, instrument: parts.instrument };
}
