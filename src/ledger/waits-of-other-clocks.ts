import type { DatabaseSync } from 'node:sqlite';
import { CLOCKS_APART_MS } from '../core/clock.ts';

/** A wait that a clock began which is ahead of ours: that of a worker beside us, or our own before it was set back. */
const AHEAD = `not_before > ?1 AND changed_at > ?1 + ${CLOCKS_APART_MS}`;

/**
 * One that a clock began which is behind ours, as an evening keeps the clock that it began with: from before the batch was
 * last queued. Where our own clock is behind that, too, it was set back, and both are of one mind.
 */
const BEHIND = `not_before > max(changed_at, 0) AND (SELECT at FROM event WHERE no = (
    SELECT max(no) FROM event WHERE event.batch = batch.no AND what = 'batch.queued'))
  BETWEEN changed_at + ${CLOCKS_APART_MS} + 1 AND ?1 + ${CLOCKS_APART_MS}`;

/** Begins such waits anew: by our clock each is as long as it was meant, neither hours nor nothing, which would use up all attempts at once. */
export function createWaits(db: DatabaseSync): (now: number) => void {
  const other = `state = 'planned' AND not_before > 0 AND ((${AHEAD}) OR (${BEHIND}))`;
  const isAny = db.prepare(`SELECT 1 FROM batch INDEXED BY batch_by_state WHERE ${other} LIMIT 1`);
  const beginAnew = db.prepare(
    `UPDATE batch SET not_before = max(not_before - changed_at, 0) + ?1, changed_at = ?1 WHERE ${other}`,
  );
  return (now) => {
    if (isAny.get(now) !== undefined) beginAnew.run(now);
  };
}
