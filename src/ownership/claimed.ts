import { type Claim, claimRule } from '../core/claim.ts';
import { COLLECTOR } from '../core/ids.ts';
import type { Assignment } from '../core/model.ts';
import type { SharePath } from '../core/share-path.ts';

type Owned = Extract<Assignment, { kind: 'owned' }>;

/**
 * What claims make of an assignment: what would go to the collector and belongs to a claimed dataset goes to its owner.
 * Whatever a rule decides stays with the rule.
 */
export function claimed(assignment: Assignment, path: SharePath, claims: readonly Claim[]): Assignment {
  if (claims.length === 0 || assignment.kind !== 'owned' || assignment.owner !== COLLECTOR) return assignment;
  const claim = claims.findLast((one) => covers(one, path, assignment.dataset));
  if (claim === undefined) return assignment;
  return {
    ...withoutCode(assignment),
    owner: claim.owner,
    rule: claimRule(claim),
    reason: sayClaimed(claim),
    claimed: true,
  };
}

/** Why the collector would have got it is no news of the owner. */
function withoutCode(assignment: Owned): Owned {
  const { code: _code, suggestion: _suggestion, insteadOf: _insteadOf, ...rest } = assignment;
  return rest;
}

/** The root of a share holds every dataset: a claim of files there is of that dataset alone. */
function covers(claim: Claim, path: SharePath, dataset: SharePath): boolean {
  const within = claim.path === '' || path === claim.path || path.startsWith(`${claim.path}/`);
  return (
    within && (dataset === claim.dataset || (claim.dataset !== '' && path.startsWith(`${claim.dataset}/`)))
  );
}

/** "claimed from b-… by anna on 2026-11-22: typing error". */
function sayClaimed({ batches, by, at, reason }: Claim): string {
  const from = batches.length === 1 ? batches[0] : `${batches.length} batches of the collector`;
  const why = reason === undefined ? '' : `: ${reason}`;
  return `claimed from ${from} by ${by} at ${new Date(at).toISOString().slice(0, 16)}Z${why}`;
}
