import type { BatchId } from '../core/ids.ts';
import { STANDSTILL_MS, type Standstill } from '../core/standstill.ts';
import type { DeliveryEvent } from '../delivery/delivery-event.ts';
import type { Ledger } from '../ledger/open-ledger.ts';

type CountParts = {
  /** Told when the first thing stands still that a delivery waits for, and when the last one moves again. */
  readonly tell: (id: BatchId, isStill: boolean) => void;
  readonly afterMs?: number | undefined;
};

/** Of each delivery of this process: whether anything that it waits for stands still. */
export function countStandstills({ tell, afterMs = STANDSTILL_MS }: CountParts): (id: BatchId) => Standstill {
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

type RecordParts = {
  readonly standstillMs?: number | undefined;
  readonly emit: (event: DeliveryEvent) => void;
  readonly trouble: (thrown: unknown) => void;
  readonly tellListeners: () => void;
};

/** What of a delivery stands still is in the ledger at once, for whoever gives its place to others. */
export function recordStandstills(
  { standstills }: Pick<Ledger, 'standstills'>,
  { standstillMs, emit, trouble, tellListeners }: RecordParts,
): (id: BatchId) => Standstill {
  const tell = (batchId: BatchId, isStill: boolean): void => {
    try {
      standstills.mark(batchId, isStill);
      emit({ name: 'delivery.standstill', batchId, isStill });
      tellListeners();
    } catch (thrown) {
      trouble(thrown);
    }
  };
  return countStandstills({ afterMs: standstillMs, tell });
}
