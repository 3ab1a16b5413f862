import type { Completion } from '../core/completion.ts';
import type { ShareName } from '../core/ids.ts';
import type { Assign, Assignment } from '../core/model.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import { formatDuration } from '../core/units.ts';
import { isKeptOut } from '../ledger/facts.ts';
import type { KnownEntry, Looks } from '../ledger/looks.ts';
import { checkCompletion } from '../share/complete.ts';
import { isSettled, settlesAt } from '../share/settle.ts';

/** What keeps a dataset back, as the parts of one sentence: "WHAT, since SINCE; GOES". Times in ms since 1970. */
export type Keep = {
  readonly what: string;
  readonly since: number;
  /** When it can go, where time alone does not help. */
  readonly goes?: string;
  /** The earliest time it can go, where it is only a matter of time. */
  readonly earliest?: number;
  /** Directories that its completion depends on, with all below them. */
  readonly dependsOn?: readonly SharePath[];
};

type KeepParts = { readonly assign: Assign; readonly looks: Pick<Looks, 'open' | 'below'> };

/**
 * The datasets that cannot go yet, by name. A dataset goes as a unit: its youngest member must have settled, and what
 * its rule asks of it must hold. Only entries that no batch holds settle: what was delivered before does not wait for
 * a late joiner, nor the other way round. A completion looks at everything that is there; one that is unmet is told
 * first, as waiting alone does not help it.
 */
export function keptDatasets(parts: KeepParts, share: ShareName, runNo?: number): Map<SharePath, Keep> {
  const kept = new Map<SharePath, Keep>();
  const asked = new Map<SharePath, Map<string, Completion>>();
  for (const member of membersOf(parts, share, runNo)) {
    const { dataset, complete, waived } = member.assignment;
    if (complete !== undefined && waived === undefined) ask(asked, dataset, complete);
    const keep = unsettled(member);
    if (keep !== undefined && keep.earliest > (kept.get(dataset)?.earliest ?? 0)) kept.set(dataset, keep);
  }
  for (const [dataset, byRule] of asked) {
    const completions = [...byRule.values()];
    const keep = unmet(parts, share, { completions, runNo }) ?? kept.get(dataset);
    if (keep !== undefined) kept.set(dataset, { ...keep, dependsOn: completions.map(({ dir }) => dir) });
  }
  return kept;
}

/** A file that would go if its dataset went. */
type Member = {
  readonly path: SharePath;
  readonly since: number;
  readonly lookedAt: number;
  readonly assignment: Extract<Assignment, { kind: 'owned' }>;
};

/** The files that no batch holds and that would go if their dataset went. */
export function* membersOf(parts: KeepParts, share: ShareName, runNo?: number): Generator<Member> {
  for (const { dir, lookedAt, entries } of parts.looks.open(share, runNo)) {
    for (const { entry, facts } of entries) {
      if (!mayGo({ entry, facts })) continue;
      const path = joinPath(dir, entry.name);
      const assignment = parts.assign(share, path, entry);
      if (assignment.kind === 'owned') yield { path, since: facts.since, lookedAt, assignment };
    }
  }
}

function mayGo({ entry, facts }: KnownEntry): boolean {
  return entry.kind === 'file' && facts.batch === 0 && !isKeptOut(facts.mark);
}

function unsettled({ path, since, lookedAt, assignment }: Member): (Keep & { earliest: number }) | undefined {
  const { settleMs } = assignment;
  if (isSettled({ since, lookedAt }, settleMs)) return undefined;
  const what = `${path} has not yet looked the same for ${formatDuration(settleMs)}`;
  return { what, since, earliest: settlesAt(since, settleMs) };
}

function ask(asked: Map<SharePath, Map<string, Completion>>, dataset: SharePath, complete: Completion): void {
  const known = asked.get(dataset) ?? new Map<string, Completion>();
  known.set(`${complete.by}\0${complete.dir}`, complete);
  asked.set(dataset, known);
}

type Asking = { readonly completions: readonly Completion[]; readonly runNo: number | undefined };

function unmet({ looks }: KeepParts, share: ShareName, { completions, runNo }: Asking): Keep | undefined {
  for (const completion of completions) {
    const wait = checkCompletion(completion, looks.below(share, completion.dir, runNo));
    if (wait !== undefined) return wait;
  }
  return undefined;
}
