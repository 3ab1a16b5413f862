import type { Clock } from '../../src/core/clock.ts';

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  readonly now = (): number => this.#now;
  readonly monotonic = (): number => this.#now;
  readonly sleep = (ms: number): Promise<void> => {
    this.#now += ms;
    return Promise.resolve();
  };

  advance(ms: number): void {
    this.#now += ms;
  }
}
