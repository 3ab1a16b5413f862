import type { DatabaseSync } from 'node:sqlite';
import type { BatchPlan } from '../core/model.ts';
import { count } from '../core/units.ts';
import { bytesOf } from './bytes-of.ts';
import { digestOf } from './chain.ts';
import { tellClaimed } from './claims.ts';
import { recordEvent } from './events.ts';

/** Tells in the history that a batch was planned; the event covers its list of files. */
export function tellPlanned(db: DatabaseSync, plan: BatchPlan, at: number): void {
  const detail = `${count(plan.files.length, 'file')}, ${plan.bytes} bytes`;
  const { list } = db.prepare('SELECT list FROM batch WHERE id = ?').get(plan.id) ?? {};
  recordEvent(db, { at, batch: plan.id, what: 'batch.planned', detail, digest: digestOf(bytesOf(list)) });
  tellClaimed(db, plan, at);
}
