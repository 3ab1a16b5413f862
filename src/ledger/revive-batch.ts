import type { DatabaseSync } from 'node:sqlite';
import type { BatchId } from '../core/ids.ts';
import type { BatchPlan } from '../core/model.ts';
import type { Planned } from './insert-batch.ts';
import { forgetSent } from './outcomes.ts';

/**
 * A withdrawn batch lives again, as the mapping of today plans it: its id does not tell by which rule, nor with whom
 * its container is shared. In another lane it begins anew, and in the same one it goes on where it was sent.
 */
export function reviveBatch(
  db: DatabaseSync,
  plan: BatchPlan,
  { lane, at, runNo, plannedAt }: Planned,
): void {
  db.prepare(
    `UPDATE batch SET state = 'planned', run = :run, changed_at = :at, attempts = 0, crashes = 0, not_before = 0, error = NULL,
       planned_at = CASE WHEN lane = :lane THEN planned_at ELSE :planned END,
       container = CASE WHEN lane = :lane THEN container END,
       lane = :lane, apart = :apart, publish = :publish, instrument = :instrument, rule = :rule, reason = :reason, code = :code,
       facts = :facts, follows = :follows, compress = :compress
     WHERE id = :id AND state = 'withdrawn'`,
  ).run({
    id: plan.id,
    lane,
    apart: plan.apart ?? null,
    publish: Number(plan.publish ?? false),
    instrument: plan.instrument,
    rule: plan.rule,
    reason: plan.reason ?? null,
    code: plan.code ?? null,
    facts: JSON.stringify(plan.facts),
    follows: plan.follows ?? null,
    compress: Number(plan.compress),
    at,
    planned: plannedAt ?? at,
    run: runNo,
  });
  forgetSent(db, plan.id);
}

/**
 * What is planned in the place of a batch of which bytes may have arrived goes where that was sent, so that one
 * replaces the other, and is itself taken for perhaps arrived.
 */
export function keepPlace(db: DatabaseSync, whole: BatchId, instead: readonly BatchId[]): void {
  const keep = db.prepare(
    `UPDATE batch SET sent = 1, container = whole.container
       FROM (SELECT container FROM batch WHERE id = ?1 AND sent = 1) AS whole
     WHERE batch.id = ?2 AND batch.state = 'planned'`,
  );
  for (const id of instead) keep.run(whole, id);
}
