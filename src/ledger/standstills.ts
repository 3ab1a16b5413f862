import type { DatabaseSync } from 'node:sqlite';
import type { BatchId } from '../core/ids.ts';
import { ownMark } from './process-mark.ts';

/** Of the row of a batch: whether nothing moves in the attempt that is under way. Ends with the attempt by itself. */
export const IS_STILL = "(state = 'delivering' AND still_epoch = epoch)";

/**
 * Which deliveries stand still, for the dispatcher: the process that delivers may be another one. It is no move of the
 * batch's state, and the history does not tell of it.
 */
export function createStandstillMarks(db: DatabaseSync) {
  const mark = db.prepare(
    "UPDATE batch SET still_epoch = iif(?1, epoch, 0) WHERE id = ?2 AND state = 'delivering' AND holder IS ?3",
  );
  return {
    /** Only of an attempt of this process; what is another's by now is left alone. */
    mark: (id: BatchId, isStill: boolean): void => {
      mark.run(isStill ? 1 : 0, id, ownMark() ?? null);
    },
  };
}
