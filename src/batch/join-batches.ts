import { COLLECTOR } from '../core/ids.ts';
import type { BatchPlan } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';
import type { BatchCaps } from './rejection.ts';
import { withFiles } from './with-files.ts';

/** The datasets that wait to be joined, and what they are together. */
type Joining = { readonly plans: BatchPlan[]; files: number; bytes: number };

export type Joins = (destination: BatchPlan['destination']) => BatchCaps & { readonly joins?: boolean };

/**
 * Several datasets in one batch where their destination wants it so: of one owner, instrument and rule, each as it was
 * planned, up to the caps. What has a history of its own goes alone: another version, a late joiner, what is the
 * collector's (it is claimed by dataset) or somebody's in the place of another, files that go one by one, and what is published.
 */
export function* joinBatches(plans: Iterable<BatchPlan>, limitsOf: Joins): Generator<BatchPlan> {
  const waiting = new Map<string, Joining>();
  for (const plan of plans) {
    const caps = limitsOf(plan.destination);
    if (caps.joins !== true || !mayJoin(plan)) {
      yield plan;
      continue;
    }
    const key = keyOf(plan);
    const joining = waiting.get(key);
    if (joining !== undefined && hasRoom(joining, plan, caps)) {
      joining.plans.push(plan);
      joining.files += plan.files.length;
      joining.bytes += plan.bytes;
      continue;
    }
    if (joining !== undefined) yield joined(joining.plans);
    waiting.set(key, { plans: [plan], files: plan.files.length, bytes: plan.bytes });
  }
  for (const { plans: left } of waiting.values()) yield joined(left);
}

/** What all datasets of one batch have in common; `null` stands for none. */
function keyOf({ owner, destination, share, instrument, rule, compress, apart }: BatchPlan): string {
  return JSON.stringify([owner, destination, share, instrument, rule, compress, apart ?? null]);
}

function mayJoin({ owner, addendum, follows, reason, pack, publish }: BatchPlan): boolean {
  return (
    owner !== COLLECTOR &&
    !addendum &&
    follows === undefined &&
    reason === undefined &&
    pack !== 'files' &&
    publish !== true
  );
}

function hasRoom({ files, bytes }: Joining, plan: BatchPlan, caps: BatchCaps): boolean {
  return files + plan.files.length <= caps.maxFiles && bytes + plan.bytes <= caps.maxBytes;
}

function joined(plans: readonly BatchPlan[]): BatchPlan {
  const [first] = plans;
  if (first === undefined) throw new RangeError('a batch has at least one file');
  const joins = [...new Set(plans.map(({ dataset }) => dataset))];
  if (plans.length === 1) return first;
  const batch = { ...first, dataset: commonAncestor(joins), joins, facts: factsOfAll(plans) };
  return withFiles(
    batch,
    plans.flatMap((plan) => plan.files),
  );
}

/** What is said of the batch must be true of each of its datasets. */
function factsOfAll([first, ...others]: readonly BatchPlan[]): BatchPlan['facts'] {
  return Object.fromEntries(
    Object.entries(first?.facts ?? {}).filter(([name, value]) =>
      others.every(({ facts }) => facts[name] === value),
    ),
  );
}

function commonAncestor(paths: readonly SharePath[]): SharePath {
  const [first = [], ...others] = paths.map((path) => path.split('/'));
  const differs = first.findIndex((part, at) => others.some((other) => other[at] !== part));
  return first.slice(0, differs === -1 ? first.length : differs).join('/') as SharePath;
}
