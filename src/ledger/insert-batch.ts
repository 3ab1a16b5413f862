import type { DatabaseSync } from 'node:sqlite';
import type { BatchPlan } from '../core/model.ts';
import { encodeBytes } from '../core/share-path.ts';
import { encodeList } from './batch-row.ts';
import { keepJoined } from './joined.ts';

/** Where and when a plan is recorded. */
export type Planned = {
  readonly lane: string;
  readonly at: number;
  readonly runNo: number;
  /** When the work was planned first, where this is a new cut of it; it decides container and directory. */
  readonly plannedAt?: number;
};

/** A new row, in state planned; answers its number. */
export function insertBatch(
  db: DatabaseSync,
  plan: BatchPlan,
  { lane, at, runNo, plannedAt }: Planned,
): number {
  const inserted = db
    .prepare(
      `INSERT INTO batch (id, lane, share, owner, destination, dataset, instrument, rule, reason, code, facts, addendum, follows, cut_from,
           compress, apart, publish, files, bytes, list, state, planned_at, changed_at, run)
         VALUES (:id, :lane, :share, :owner, :destination, :dataset, :instrument, :rule, :reason, :code, :facts, :addendum, :follows, :cut_from,
           :compress, :apart, :publish, :files, :bytes, :list, 'planned', :planned, :at, :run)`,
    )
    .run({
      id: plan.id,
      lane,
      share: plan.share,
      owner: plan.owner,
      destination: plan.destination,
      dataset: encodeBytes(plan.dataset),
      instrument: plan.instrument,
      rule: plan.rule,
      reason: plan.reason ?? null,
      code: plan.code ?? null,
      facts: JSON.stringify(plan.facts),
      addendum: Number(plan.addendum),
      follows: plan.follows ?? null,
      cut_from: plan.cutFrom ?? null,
      compress: Number(plan.compress),
      apart: plan.apart ?? null,
      publish: Number(plan.publish ?? false),
      files: plan.files.length,
      bytes: plan.bytes,
      list: encodeList(plan.files),
      at,
      planned: plannedAt ?? at,
      run: runNo,
    });
  keepJoined(db, plan, Number(inserted.lastInsertRowid));
  return Number(inserted.lastInsertRowid);
}
