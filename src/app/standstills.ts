import type { BatchId } from '../core/ids.ts';
import { STANDSTILL_MS, type Standstill } from '../core/standstill.ts';

type StandstillParts = {
  /** Told when the first thing stands still that a delivery waits for, and when the last one moves again. */
  readonly tell: (id: BatchId, isStill: boolean) => void;
  readonly afterMs?: number | undefined;
};

/** Of each delivery of this process: whether anything that it waits for stands still. */
export function createStandstills({
  tell,
  afterMs = STANDSTILL_MS,
}: StandstillParts): (id: BatchId) => Standstill {
  const counts = new Map<BatchId, number>();
  const add = (id: BatchId, by: 1 | -1): void => {
    const before = counts.get(id) ?? 0;
    const after = before + by;
    if (after === 0) counts.delete(id);
    else counts.set(id, after);
    if (before === 0 || after === 0) tell(id, after > 0);
  };
  return (id) => ({
    afterMs,
    begin: () => {
      add(id, 1);
      return () => add(id, -1);
    },
  });
}
