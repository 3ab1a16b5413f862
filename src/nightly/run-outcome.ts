import type { IngestError } from '../core/errors.ts';
import { COLLECTOR } from '../core/ids.ts';
import { BUCKETS } from './judge.ts';
import { NOBODY } from './owner-verdict.ts';
import type { Counted, Tally } from './tally.ts';

/**
 * `done`: everything that could go has gone · `attention`: something is held, rejected, unreadable or failed, a person
 * should look · `waiting`: some batches will be tried again · `cut`: stopped before its end · `empty`: no share had a
 * file but what is left out · `no-owners`: the mapping names nobody but the collector · `ownerless`: there were files, and
 * none belongs to anybody · `first`: no run before it came to its end, and nothing has gone yet, so that nothing shows that
 * anything works · `unbalanced`: the totals do not add up, so nothing else here may be trusted.
 */
export type RunOutcome =
  | 'done'
  | 'attention'
  | 'waiting'
  | 'cut'
  | 'empty'
  | 'no-owners'
  | 'ownerless'
  | 'first'
  | 'unbalanced';

export type RunFacts = {
  readonly balanced: boolean;
  readonly stopped: IngestError | undefined;
  readonly tally: Tally;
  readonly hasOwners: boolean;
  readonly firstRun: boolean;
  /** A share failed or is not believed, a mapping is refused, a batch is held whose files are gone, or one could not be published. */
  readonly failed: boolean;
};

/** What the run was, the worst first: only what is none of the others is `done`. */
export function outcomeOf({ balanced, stopped, tally, hasOwners, firstRun, failed }: RunFacts): RunOutcome {
  const { buckets } = tally;
  if (!balanced) return 'unbalanced';
  if (stopped !== undefined) return 'cut';
  if (failed || needsPerson(tally)) return 'attention';
  if (buckets.waiting.files > 0) return 'waiting';
  if (isLeftOut(buckets)) return 'empty';
  if (!hasOwners) return 'no-owners';
  if (!hasNamedOwner(tally)) return 'ownerless';
  return firstRun && !isAnythingThere(buckets) ? 'first' : 'done';
}

function needsPerson({ buckets, overdueFiles }: Tally): boolean {
  return overdueFiles + buckets.held.files + buckets.rejected.files + buckets.unreadable.files > 0;
}

const isAnythingThere = ({ delivered, unchanged, byHand }: Counted): boolean =>
  delivered.files + unchanged.files + byHand.files > 0;

/** True when there is nothing but what is left out on purpose; each share's own marker is. */
function isLeftOut(buckets: Counted): boolean {
  return BUCKETS.every((bucket) => bucket === 'excluded' || buckets[bucket].files === 0);
}

/** Whether anything that was seen belongs to anybody. */
function hasNamedOwner({ owners }: Tally): boolean {
  return Object.entries(owners).some(
    ([owner, counted]) => owner !== NOBODY && owner !== COLLECTOR && !isLeftOut(counted),
  );
}
