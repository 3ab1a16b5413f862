/** The pack child's second thread: SHA-256 of the file content in each filled slot, slot after slot, for ever. */
import { createHash, type Hash, hash } from 'node:crypto';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import {
  DIGEST_BYTES,
  FILLED,
  FREE,
  RANGE_NUMBERS,
  type SharedRing,
  SLOTS,
  type Slot,
  slotsOf,
} from './hash-ring.ts';

const shared = workerData as SharedRing;
const state = new Int32Array(shared.hashing);
const slots = slotsOf(shared);

/** Hashes a slot's ranges; answers with the hash of a file that goes on in the next slot. */
function hashSlot(slot: Slot, begun: Hash | undefined): Hash | undefined {
  let open = begun;
  const count = slot.ranges[0] ?? 0;
  for (let range = 0; range < count; range++) {
    const at = 1 + range * RANGE_NUMBERS;
    const start = slot.ranges[at] ?? 0;
    const bytes = slot.data.subarray(start, start + (slot.ranges[at + 1] ?? 0));
    const ends = slot.ranges[at + 2] === 1;
    if (!ends) open = (open ?? createHash('sha256')).update(bytes);
    else {
      const digest = open === undefined ? hash('sha256', bytes, 'buffer') : open.update(bytes).digest();
      digest.copy(slot.digests, range * DIGEST_BYTES);
      open = undefined;
    }
  }
  return open;
}

flushCompileCache();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.postMessage('ready');
let open: Hash | undefined;
for (let turn = 0; ; turn = (turn + 1) % SLOTS) {
  const slot = slots[turn];
  if (slot === undefined) break;
  Atomics.wait(state, turn, FREE);
  if (Atomics.load(state, turn) === FILLED) open = hashSlot(slot, open);
  Atomics.store(state, turn, FREE);
  Atomics.notify(state, turn);
}
