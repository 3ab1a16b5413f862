import type { DatabaseSync } from 'node:sqlite';
import { isDatedAhead } from '../core/clock.ts';
import type { BatchId } from '../core/ids.ts';

/** From so many crashes in a row on a batch is delivered alone, so that it takes no neighbour with it (the index knows it too). */
const SUSPECT = 2;

/** So long the others go before a suspect that could go; and so long they go between two of its kind. */
export const SUSPECT_WAITS_MS = 3_600_000;

/** So long the others wait at most for what is in flight to end; then they go for as long as a suspect waits. */
export const OTHERS_WAIT_MS = 600_000;

type Suspect = {
  readonly id: BatchId;
  readonly crashes: number;
  readonly isPlanned: boolean;
  readonly changedAt: number;
  readonly notBefore: number;
};

/**
 * Of the batches that may go: what is not suspected, and when nothing else goes, one suspect alone, the best first. One
 * that has waited for long goes before all others as soon as nothing is in flight: in a backlog of days something else
 * always goes. The others wait for that now and then, and not for long: an upload may take hours.
 */
export function createSuspects(db: DatabaseSync) {
  const read = db.prepare(
    `SELECT id, crashes, state, changed_at, not_before FROM batch INDEXED BY batch_by_crashes
       WHERE crashes >= ${SUSPECT} AND state IN ('planned', 'queued', 'delivering')`,
  );
  const inFlight = db.prepare("SELECT 1 FROM batch WHERE state IN ('queued', 'delivering')");
  const turns = createTurns();
  return <Head extends { readonly id: BatchId }>(heads: readonly Head[], now: number): readonly Head[] => {
    const suspects = new Map(read.all().map((row) => [String(row['id']) as BatchId, suspectOf(row)]));
    const lastTurn = turns.last(suspects, now);
    if (suspects.size === 0) return heads;
    if ([...suspects.values()].some(({ isPlanned }) => !isPlanned)) return [];
    const due = heads.flatMap(({ id }) => suspects.get(id) ?? []);
    const late = due.filter((one) => now - Math.max(dueSince(one, now), lastTurn) >= SUSPECT_WAITS_MS);
    const others = heads.filter(({ id }) => !suspects.has(id));
    const isNoneInFlight = inFlight.get() === undefined;
    const isTurn = late.length > 0 && (isNoneInFlight || doOthersWait(now));
    if (!isTurn && others.length > 0) return others;
    if (!isNoneInFlight) return [];
    const [next] =
      late.length > 0
        ? late.toSorted((a, b) => dueSince(a, now) - dueSince(b, now))
        : due.toSorted((a, b) => a.crashes - b.crashes);
    turns.give(next);
    return heads.filter(({ id }) => id === next?.id);
  };
}

/** By the clock alone: so it is the same for all suspects together, and in the process that comes after. */
function doOthersWait(now: number): boolean {
  return now % (SUSPECT_WAITS_MS + OTHERS_WAIT_MS) >= SUSPECT_WAITS_MS;
}

/** When a suspect last had its turn. */
function createTurns() {
  let given: Suspect | undefined;
  let ended = 0;
  return {
    give: (suspect: Suspect | undefined): void => {
      given = suspect;
    },
    last: (suspects: ReadonlyMap<BatchId, Suspect>, now: number): number => {
      const { changedAt, isPlanned } = (given && suspects.get(given.id)) ?? {};
      if (given !== undefined && !(isPlanned === true && changedAt === given.changedAt)) {
        given = undefined;
        ended = now;
      }
      // One that took its process along in its turn took this memory with it; and more crashes than make a suspect were in turns.
      const crashed = [...suspects.values()].flatMap((one) => (one.crashes > SUSPECT ? one.changedAt : []));
      return Math.max(0, ...[ended, ...crashed].filter((at) => !isDatedAhead(at, now)));
    },
  };
}

/** What a clock dated ahead says nothing of how long it has been. */
function dueSince({ changedAt, notBefore }: Suspect, now: number): number {
  return Math.max(0, ...[changedAt, notBefore].filter((at) => !isDatedAhead(at, now)));
}

function suspectOf(row: Record<string, unknown>): Suspect {
  return {
    id: String(row['id']) as BatchId,
    crashes: Number(row['crashes']),
    isPlanned: row['state'] === 'planned',
    changedAt: Number(row['changed_at']),
    notBefore: Number(row['not_before']),
  };
}
