import type { Assignment } from '../core/model.ts';
import type { OwnerQuestion, SourceAnswer } from '../core/owner-source.ts';
import { parentOf, type SharePath } from '../core/share-path.ts';
import { type Circumstances, NOTHING_KNOWN } from './circumstances.ts';
import { type CompiledRule, compileRules } from './compile-rule.ts';
import { decide, type Grounds } from './decide.ts';
import { createIgnoreFiles, type IgnoreFiles } from './ignore-files.ts';
import type { Mapping } from './mapping.ts';
import { canMatchIn, type FileAt, type PathParts, partsOf } from './match-rule.ts';
import { rememberMatches } from './match-segment.ts';
import { createOwnerIndex } from './owner-index.ts';
import type { SidecarReader } from './read-sidecar.ts';
import { createRuleIndex } from './rule-index.ts';
import { type Trace, traceRules } from './trace-rules.ts';

/** Says of every file whose it is; the same path always gets the same answer. */
export type Assigner = {
  readonly assign: (path: SharePath, at?: FileAt) => Assignment;
  readonly trace: (path: SharePath, at?: FileAt) => Trace;
  /** How the sidecar of a rule is known and read; undefined where the rule has none. */
  readonly sidecarOf: (rule: string) => SidecarReader | undefined;
  /** What has to be asked before it is known whose a file is, as far as `answer` does not know it. */
  readonly questions: (
    path: SharePath,
    at: FileAt,
    answer: (question: OwnerQuestion) => SourceAnswer | undefined,
  ) => readonly OwnerQuestion[];
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
export function createAssigner(mapping: Mapping, around: Circumstances = NOTHING_KNOWN): Assigner {
  const rules = compileRules(mapping);
  const ignore = createIgnoreFiles(mapping.ignore);
  const grounds = groundsOf(mapping, around);
  const viewOf = directoryViews(rules, ignore, grounds);
  return {
    assign: (path, at) => {
      const parts = partsOf(path, at);
      const view = viewOf(parts);
      const ignoredBy = view.ignoredBy ?? ignore.byName(parts.segments);
      if (ignoredBy !== undefined) return ignored(ignoredBy, parts);
      return view.same ?? decide(view.rules, parts, grounds).assignment;
    },
    trace: (path, at) => {
      const parts = partsOf(path, at);
      const ignoredBy = ignore.byDirectory(parts.segments) ?? ignore.byName(parts.segments);
      if (ignoredBy !== undefined)
        return { path, ignoredBy, steps: [], winner: undefined, assignment: ignored(ignoredBy, parts) };
      const decision = decide(rules, parts, grounds);
      const steps = traceRules(rules, decision, parts, grounds);
      return { path, ignoredBy, steps, winner: decision.winner?.rule.id, assignment: decision.assignment };
    },
    sidecarOf: (id) => rules.find(({ rule }) => rule.id === id)?.sidecar,
    questions: (path, at, answer) => {
      const parts = partsOf(path, at);
      const view = viewOf(parts);
      if (view.same !== undefined || (view.ignoredBy ?? ignore.byName(parts.segments)) !== undefined)
        return [];
      const open: OwnerQuestion[] = [];
      const asking = (question: OwnerQuestion): SourceAnswer | undefined => {
        const known = answer(question);
        if (known === undefined) open.push(question);
        return known;
      };
      decide(view.rules, parts, { ...grounds, answer: asking });
      return open;
    },
  };
}

/** What the rules come to for a directory; forgotten when the circumstances change. */
function directoryViews(
  rules: readonly CompiledRule[],
  ignore: IgnoreFiles,
  grounds: Grounds,
): (parts: PathParts) => DirectoryView {
  const index = createRuleIndex(rules);
  const views = new Map<SharePath, DirectoryView>();
  let version = grounds.around.version();
  const look = (parts: PathParts): DirectoryView => {
    const ignoredBy = ignore.byDirectory(parts.segments);
    if (ignoredBy !== undefined) return { ignoredBy, same: undefined, rules: [] };
    const left = index
      .forFile(parts.segments)
      .filter((compiled) => canMatchIn(compiled, parts, grounds.matches));
    const same = left.some((compiled) => compiled.dependsOnName)
      ? undefined
      : decide(left, parts, grounds).assignment;
    return { ignoredBy, same, rules: left };
  };
  return (parts) => {
    const now = grounds.around.version();
    if (version !== now || views.size >= REMEMBERED_DIRECTORIES) views.clear();
    version = now;
    const directory = parentOf(parts.path);
    const view = views.get(directory) ?? look(parts);
    views.set(directory, view);
    return view;
  };
}

function groundsOf(mapping: Mapping, around: Circumstances): Grounds {
  const { uids = {}, gids = {} } = mapping;
  return {
    ...{ mapping, around, owners: createOwnerIndex(mapping.owners), matches: rememberMatches() },
    people: new Map(mapping.owners.map((owner) => [owner.id, owner])),
    uids: new Map(Object.entries(uids).map(([number, owner]) => [Number(number), owner])),
    gids: new Map(Object.entries(gids).map(([number, owner]) => [Number(number), owner])),
    answer: around.answer,
  };
}

function ignored(pattern: string, parts: PathParts): Assignment {
  const help = `Names like '${pattern}' count as helper or temporary files, not as data. If it is data, take it off the list \`ignore\` in folders.yaml.`;
  return { kind: 'excluded', reason: `ignored by '${pattern}'`, instrument: parts.instrument, help };
}
