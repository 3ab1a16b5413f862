/** Work that goes on beside its caller, a bounded number at a time. */
export type Backlog = {
  /** Takes one more; waits while `width` are running. Throws what an earlier one failed with. */
  readonly add: (work: Promise<void>) => Promise<void>;
  /** Waits for all; throws what the first one failed with. */
  readonly done: () => Promise<void>;
  /** Waits for all and throws nothing: afterwards nothing of it is going on, whatever happened. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** Waiting for a disk to confirm one file need not stop the next from being written. */
export function createBacklog(width: number): Backlog {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const settle = async () => {
    await Promise.all(running);
  };
  const rethrow = () => {
    if (failures.length > 0) throw failures[0];
  };
  return {
    add: async (work) => {
      const settled: Promise<void> = work
        .catch((thrown: unknown) => {
          failures.push(thrown);
        })
        .finally(() => running.delete(settled));
      running.add(settled);
      if (running.size >= width) await Promise.race(running);
      rethrow();
    },
    done: async () => {
      await settle();
      rethrow();
    },
    [Symbol.asyncDispose]: settle,
  };
}
