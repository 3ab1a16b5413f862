/**
 * Memory that the pack child shares with its two workers: a few slots of output, each with the ranges of it that are
 * file content. The child fills a slot; one worker sends it and the other hashes its ranges while the child fills the
 * next. Sending needs a thread of its own: a pipe holds 64 KiB, so whoever writes to it waits for the reader.
 */
export const SLOTS = 4;
export const SLOT_BYTES = 1024 * 1024;
export const MAX_RANGES = 4096;
export const DIGEST_BYTES = 32;

/** What a slot is to each worker: done with, to be worked on, or past its power because the pipe's reader is gone. */
export const FREE = 0;
export const FILLED = 1;
export const BROKEN = 2;

/** Three numbers a range: where it begins in the slot, its bytes, and 1 when the file ends with it. */
export const RANGE_NUMBERS = 3;

export type SharedRing = {
  readonly data: SharedArrayBuffer;
  /** Per slot: FREE or FILLED for the worker that hashes, and for the one that sends. */
  readonly hashing: SharedArrayBuffer;
  readonly sending: SharedArrayBuffer;
  /** Per slot: its bytes to send. */
  readonly used: SharedArrayBuffer;
  /** Per slot: the number of ranges, then the ranges. */
  readonly ranges: SharedArrayBuffer;
  /** Per slot and range: the digest of the file that ends there. */
  readonly digests: SharedArrayBuffer;
};

export function makeSharedRing(): SharedRing {
  return {
    data: new SharedArrayBuffer(SLOTS * SLOT_BYTES),
    hashing: new SharedArrayBuffer(SLOTS * 4),
    sending: new SharedArrayBuffer(SLOTS * 4),
    used: new SharedArrayBuffer(SLOTS * 4),
    ranges: new SharedArrayBuffer(SLOTS * rangesLength() * 4),
    digests: new SharedArrayBuffer(SLOTS * MAX_RANGES * DIGEST_BYTES),
  };
}

/** One slot's part of each memory. */
export type Slot = { readonly data: Buffer; readonly ranges: Int32Array; readonly digests: Buffer };

export function slotsOf(ring: SharedRing): readonly Slot[] {
  return Array.from({ length: SLOTS }, (_, slot) => ({
    data: Buffer.from(ring.data, slot * SLOT_BYTES, SLOT_BYTES),
    ranges: new Int32Array(ring.ranges, slot * rangesLength() * 4, rangesLength()),
    digests: Buffer.from(ring.digests, slot * MAX_RANGES * DIGEST_BYTES, MAX_RANGES * DIGEST_BYTES),
  }));
}

function rangesLength(): number {
  return 1 + MAX_RANGES * RANGE_NUMBERS;
}
