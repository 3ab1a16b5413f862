/** The pack child's third thread: writes each filled slot to the data pipe, slot after slot, as fast as it is read. */
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { BROKEN, FREE, type SharedRing, SLOTS, slotsOf } from './hash-ring.ts';
import { DATA_FD } from './pack-protocol.ts';

const shared = workerData as SharedRing;
const state = new Int32Array(shared.sending);
const used = new Int32Array(shared.used);
const slots = slotsOf(shared);

/** A blocking write of all bytes; false when nobody reads any more. */
function writeAll(bytes: Uint8Array): boolean {
  try {
    for (let from = 0; from < bytes.length; ) from += writeSync(DATA_FD, bytes, from);
    return true;
  } catch {
    return false;
  }
}

flushCompileCache();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
parentPort?.postMessage('ready');
for (let turn = 0; ; turn = (turn + 1) % SLOTS) {
  Atomics.wait(state, turn, FREE);
  const bytes = slots[turn]?.data.subarray(0, used[turn]);
  const isSent = bytes !== undefined && writeAll(bytes);
  Atomics.store(state, turn, isSent ? FREE : BROKEN);
  Atomics.notify(state, turn);
  if (!isSent) break;
}
