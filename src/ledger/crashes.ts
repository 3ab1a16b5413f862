import type { DatabaseSync } from 'node:sqlite';
import { IngestError } from '../core/errors.ts';
import type { BatchId } from '../core/ids.ts';
import { type BatchError, batchError } from './batch-row.ts';
import { isGone, ownMark } from './process-mark.ts';

/** At so many in a row a person is asked. */
const HELD = 5;

/** How the history tells of it, and why the batch is held, if it is. */
type LostAttempt = { readonly detail: string; readonly error: BatchError | undefined };

/**
 * Takes back that the attempt was counted, for nobody knows what it would have come to. One whose process is gone is
 * counted for itself: the next may end the same way (no memory left, a defect in a library). An attempt that tells its
 * end sets that count back to nothing.
 */
export function loseAttempt(
  db: DatabaseSync,
  id: BatchId,
  { why, at }: { readonly why: string; readonly at: number },
): LostAttempt {
  const row = db
    .prepare(
      "SELECT holder, crashes, error, state FROM batch WHERE id = ? AND state IN ('queued', 'delivering')",
    )
    .get(id);
  if (row === undefined) return { detail: why, error: undefined };
  const { holder, state } = row;
  if (state === 'delivering')
    db.prepare('UPDATE batch SET attempts = max(attempts - 1, 0) WHERE id = ?').run(id);
  const isCrash = state === 'delivering' && typeof holder === 'string' && isGone(holder);
  const crashes = Number(row['crashes']) + (isCrash ? 1 : 0);
  db.prepare('UPDATE batch SET crashes = ? WHERE id = ?').run(crashes, id);
  // What a living process could not record is counted already (unrecorded.ts).
  if (crashes >= HELD) {
    const error = isCrash ? crashedTooOften(id, crashes, at) : unrecordedTooOften(id, row['error'], at);
    return { detail: `${error.code}: ${error.message}`, error };
  }
  return { detail: isCrash ? `${why}; its process is gone, ${crashes} in a row` : why, error: undefined };
}

/** This process has the attempt now. */
export function holdAttempt(db: DatabaseSync, id: BatchId): void {
  db.prepare('UPDATE batch SET holder = ? WHERE id = ?').run(ownMark() ?? null, id);
}

/** True while another living process of this host has the attempt. */
export function isHeldElsewhere(db: DatabaseSync, id: BatchId): boolean {
  const row = db.prepare("SELECT holder FROM batch WHERE id = ? AND state = 'delivering'").get(id);
  const holder = row?.['holder'];
  return typeof holder === 'string' && holder !== ownMark() && !isGone(holder);
}

/** This process was told to end: that is no fault of what it delivers. */
export function disownAttempts(db: DatabaseSync): void {
  db.prepare("UPDATE batch SET holder = NULL WHERE holder = ? AND state = 'delivering'").run(
    ownMark() ?? null,
  );
}

function crashedTooOften(id: BatchId, crashes: number, at: number): BatchError {
  const error = new IngestError(
    'DELIVERY_CRASHED',
    `delivering batch ${id}: ${crashes} processes in a row ended in the middle of it, without a word`,
    {
      hint: 'Look for why they ended (memory? `journalctl -u nightjar`, `dmesg`) and mend that, then `nightjar requeue` the batch.',
    },
  );
  return batchError(error, at);
}

function unrecordedTooOften(id: BatchId, last: unknown, at: number): BatchError {
  const said = typeof last === 'string' ? (JSON.parse(last) as BatchError).message : 'unknown';
  const error = new IngestError(
    'DELIVERY_CRASHED',
    `delivering batch ${id}: ${HELD} attempts in a row ended with nothing recorded, the last with: ${said}`,
    {
      hint: 'Look at that in the journal (`journalctl -u nightjar`), try `nightjar ledger check`, then `nightjar requeue` the batch.',
    },
  );
  return batchError(error, at);
}
