import { type BatchId, batchId, type DestinationName, destinationName, ownerId } from '../../src/core/ids.ts';
import type { Head, InFlight } from '../../src/queue/choose-next.ts';
import type { DispatchLedger } from '../../src/queue/dispatcher.ts';

export type TestBatch = Head & {
  state: 'planned' | 'queued' | 'delivering' | 'delivered';
  notBefore: number;
};

/** `b-000…<at>` */
export const testId = (at: number): BatchId => batchId(`b-${at.toString(16).padStart(32, '0')}`);

/** A ledger in memory that keeps the promises of DispatchLedger, and what it was told. */
export class MemoryLedger implements DispatchLedger {
  readonly batches = new Map<BatchId, TestBatch>();
  readonly putBack: BatchId[] = [];
  readonly heldElsewhere = new Set<BatchId>();
  readonly still = new Set<BatchId>();
  readonly #lanes = new Map<string, TestBatch[]>();
  readonly #inFlight = new Map<BatchId, TestBatch>();

  plan(at: number, lane: string, owner = 'ann', destination = 'nomad'): BatchId {
    const id = testId(at);
    const batch: TestBatch = {
      id,
      lane,
      owner: ownerId(owner),
      destination: destinationName(destination),
      plannedAt: at,
      state: 'planned',
      notBefore: 0,
    };
    this.batches.set(id, batch);
    this.#lanes.set(lane, [...(this.#lanes.get(lane) ?? []), batch]);
    return id;
  }

  move(id: BatchId, to: TestBatch['state']): void {
    const batch = this.batches.get(id);
    if (batch === undefined) throw new Error(`no batch ${id}`);
    batch.state = to;
    if (to === 'queued' || to === 'delivering') this.#inFlight.set(id, batch);
    else this.#inFlight.delete(id);
    if (to === 'delivered') {
      const rest = this.#lanes.get(batch.lane)?.filter((one) => one !== batch) ?? [];
      this.#lanes.set(batch.lane, rest);
    }
  }

  count(state: TestBatch['state']): number {
    return [...this.batches.values()].filter((batch) => batch.state === state).length;
  }

  most(destination: DestinationName): number {
    return [...this.#inFlight.values()].filter((batch) => batch.destination === destination).length;
  }

  heads(now: number): readonly Head[] {
    const busy = new Set([...this.#inFlight.values()].map((batch) => batch.lane));
    return [...this.#lanes.entries()]
      .filter(([lane]) => !busy.has(lane))
      .flatMap(([, batches]) => batches.find((one) => one.state === 'planned' && one.notBefore <= now) ?? []);
  }

  inFlight(): readonly InFlight[] {
    return [...this.#inFlight.values()].flatMap(({ id, lane, owner, destination, state }) =>
      state === 'queued' || state === 'delivering'
        ? [{ id, lane, owner, destination, state, isStill: this.still.has(id) }]
        : [],
    );
  }

  isHeldElsewhere(id: BatchId): boolean {
    return this.heldElsewhere.has(id);
  }

  nextDueAt(now: number): number | undefined {
    const due = [...this.batches.values()]
      .filter((batch) => batch.state === 'planned' && batch.notBefore > now)
      .map((batch) => batch.notBefore);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  markQueued(id: BatchId): boolean {
    if (this.batches.get(id)?.state !== 'planned') return false;
    this.move(id, 'queued');
    return true;
  }

  backToPlanned(ids: readonly BatchId[]): void {
    for (const id of ids) {
      if (!this.#inFlight.has(id)) continue;
      this.move(id, 'planned');
      this.putBack.push(id);
    }
  }
}
