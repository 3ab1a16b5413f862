import type { ShareName } from '../core/ids.ts';
import type { Entry } from '../core/model.ts';
import type { OwnerQuestion, SourceAnswer } from '../core/owner-source.ts';
import { joinPath, type SharePath } from '../core/share-path.ts';
import type { Resolution } from '../ledger/resolutions.ts';
import type { Run } from '../ledger/runs.ts';
import type { NightlyParts } from './parts.ts';

/** A question, and the stamp of what it would be answered from: a sidecar's name, size and time. */
export type StampedQuestion = { readonly question: OwnerQuestion; readonly stamp: string };

/** How what is beside the path is asked; `app/` hands it in. */
export type OwnerSources = {
  /** Whether any rule asks something beside the path, uid and gid. */
  readonly isNeeded: () => boolean;
  /** What is open about a file, as far as `answer` does not know it. */
  readonly questions: (
    at: { readonly share: ShareName; readonly path: SharePath; readonly entry: Entry },
    answer: (question: OwnerQuestion) => SourceAnswer | undefined,
  ) => readonly OwnerQuestion[];
  /** From what the question would be answered now: '' where that cannot be seen from outside. */
  readonly stampOf: (question: OwnerQuestion) => string;
  /** Asks; each gets an answer, if only that it could not be asked. Throws the signal's reason. */
  readonly ask: (
    share: ShareName,
    questions: readonly StampedQuestion[],
    signal: AbortSignal,
  ) => Promise<readonly Resolution[]>;
};

/** A rule may have to be passed over before another one's source is asked; more rounds than that make no sense. */
const MOST_ROUNDS = 16;
/** Questions that are asked together, so that what was learned is kept even if the evening is stopped. */
const TOGETHER = 200;

/**
 * Asks whose the datasets are that still have files in no batch, and keeps the answers: afterwards `assign` knows them.
 * An answer is asked for again when its time is over or its file is another, and once a run when it was none.
 */
export async function resolveOwners(
  parts: Pick<NightlyParts, 'ledger' | 'sources'>,
  share: ShareName,
  run: Pick<Run, 'no' | 'startedAt'>,
  signal: AbortSignal,
): Promise<void> {
  const { ledger, sources } = parts;
  if (sources?.isNeeded() !== true) return;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const open = openQuestions({ ledger, sources }, share, run);
    if (open.length === 0) return;
    for (let at = 0; at < open.length; at += TOGETHER) {
      const questions = open.slice(at, at + TOGETHER);
      const answers = await sources.ask(share, questions, signal);
      signal.throwIfAborted();
      ledger.resolutions.save(
        questions.flatMap(({ question }, index) => {
          const answer = answers[index];
          return answer === undefined ? [] : [[question, answer] as const];
        }),
      );
    }
  }
}

function openQuestions(
  { ledger, sources }: { readonly ledger: NightlyParts['ledger']; readonly sources: OwnerSources },
  share: ShareName,
  run: Pick<Run, 'no' | 'startedAt'>,
): StampedQuestion[] {
  const open = new Map<string, StampedQuestion>();
  const fresh = new Map<string, SourceAnswer | undefined>();
  const answer = (question: OwnerQuestion): SourceAnswer | undefined => {
    const key = keyOf(question);
    if (fresh.has(key)) return fresh.get(key);
    const stamp = sources.stampOf(question);
    const known = ledger.resolutions.find(question);
    const said = known !== undefined && isFresh(known, stamp, run.startedAt) ? known.answer : undefined;
    fresh.set(key, said);
    if (said === undefined) open.set(key, { question, stamp });
    return said;
  };
  for (const { dir, entries } of ledger.looks.open(share, run.no))
    for (const { entry, facts } of entries)
      if (entry.kind === 'file' && facts.batch === 0)
        sources.questions({ share, path: joinPath(dir, entry.name), entry }, answer);
  return [...open.values()];
}

const keyOf = ({ source, rule, dataset }: OwnerQuestion): string => JSON.stringify([source, rule, dataset]);

function isFresh({ answer, stamp, at, until }: Resolution, stampNow: string, runStartedAt: number): boolean {
  if (stamp !== stampNow) return false;
  // Within a run nothing is asked twice: a path has one answer, and a resolver that is down is not asked by the thousand.
  if (at >= runStartedAt) return true;
  return answer.kind !== 'unresolved' && (until === undefined || until > runStartedAt);
}
