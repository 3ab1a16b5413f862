import { BROKEN, DIGEST_BYTES, FILLED, MAX_RANGES, RANGE_NUMBERS, SLOTS, type Slot } from './hash-ring.ts';

/** A slot that waits in memory for longer than this is sent half full, so that a slow share still shows progress. */
const SEND_AFTER_MS = 1000;

export type OutputParts = {
  readonly slots: readonly Slot[];
  readonly hashing: Int32Array;
  readonly sending: Int32Array;
  readonly used: Int32Array;
  /** Nobody reads the pipe any more. */
  readonly onBroken: () => never;
  readonly monotonic: () => number;
};

/** A stretch of output memory: from `at`, `left` bytes long. */
export type Place = { readonly memory: Buffer; readonly at: number; readonly left: number };

/**
 * The pack child's output for one pass: bytes are put straight into shared memory, from where one worker sends them in
 * pieces of up to 1 MiB and another hashes them. `digests` are complete, and all bytes sent, after `settle`.
 */
export class HashedOutput {
  readonly digests: Buffer;
  readonly #parts: OutputParts;
  /** Per slot: which file each of its ranges ends, or -1. */
  readonly #ends: readonly number[][] = Array.from({ length: SLOTS }, () => []);
  /** The workers go round from slot 0 for ever: the next pass begins where this one stopped. */
  #turn: number;
  #used = 0;
  #sentAt: number;

  constructor(parts: OutputParts, files: number, firstTurn: number) {
    this.#parts = parts;
    this.#turn = firstTurn;
    this.#sentAt = parts.monotonic();
    this.digests = Buffer.alloc(files * DIGEST_BYTES);
  }

  /** The slot the next pass begins with. */
  get turn(): number {
    return this.#turn;
  }

  /**
   * Memory in which `bytes` more (at most a slot) can be put in one piece, from `at` on; sends what is there when they
   * do not fit. Counts only after `advance`, and only until the next claim.
   */
  claim(bytes: number): Place {
    const isFull = bytes > this.#left() || this.#ends[this.#turn]?.length === MAX_RANGES;
    if (isFull || this.#isLate()) this.flush();
    return { memory: this.#slot().data, at: this.#used, left: this.#left() };
  }

  /** Counts `bytes` at the claimed place as put. */
  advance(bytes: number): void {
    this.#used += bytes;
  }

  /** Like `advance`, for content of a file; `endOf` is the file's number when these are its last bytes. */
  advanceContent(bytes: number, endOf: number | undefined): void {
    const { ranges } = this.#slot();
    const ends = this.#ends[this.#turn] ?? [];
    const at = 1 + ends.length * RANGE_NUMBERS;
    ranges[at] = this.#used;
    ranges[at + 1] = bytes;
    ranges[at + 2] = endOf === undefined ? 0 : 1;
    ends.push(endOf ?? -1);
    this.#used += bytes;
  }

  /** Puts bytes of any length. */
  put(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const { memory, at, left } = this.claim(1);
      const piece = bytes.subarray(from, from + left);
      memory.set(piece, at);
      this.advance(piece.length);
      from += piece.length;
    }
  }

  /** Sends what was put so far and turns to the next slot as soon as it is free. */
  flush(): void {
    const { hashing, sending, used } = this.#parts;
    const slot = this.#slot();
    this.#sentAt = this.#parts.monotonic();
    if (this.#used === 0) return;
    slot.ranges[0] = this.#ends[this.#turn]?.length ?? 0;
    used[this.#turn] = this.#used;
    for (const state of [hashing, sending]) {
      Atomics.store(state, this.#turn, FILLED);
      Atomics.notify(state, this.#turn);
    }
    this.#turn = (this.#turn + 1) % SLOTS;
    this.#used = 0;
    this.#collect(this.#turn);
  }

  /** Sends the rest and waits for every byte and every hash. */
  settle(): Buffer {
    this.flush();
    for (let turn = 0; turn < SLOTS; turn++) this.#collect(turn);
    return this.digests;
  }

  #collect(turn: number): void {
    const { hashing, sending, onBroken } = this.#parts;
    Atomics.wait(sending, turn, FILLED);
    if (Atomics.load(sending, turn) === BROKEN) onBroken();
    Atomics.wait(hashing, turn, FILLED);
    const ends = this.#ends[turn] ?? [];
    const digests = this.#parts.slots[turn]?.digests;
    for (const [range, file] of ends.entries()) {
      if (file < 0) continue;
      digests?.copy(this.digests, file * DIGEST_BYTES, range * DIGEST_BYTES, (range + 1) * DIGEST_BYTES);
    }
    ends.length = 0;
  }

  #left(): number {
    return this.#slot().data.length - this.#used;
  }

  #isLate(): boolean {
    return this.#used > 0 && this.#parts.monotonic() - this.#sentAt > SEND_AFTER_MS;
  }

  #slot(): Slot {
    const slot = this.#parts.slots[this.#turn];
    if (slot === undefined) throw new RangeError(`no slot ${this.#turn}`);
    return slot;
  }
}
