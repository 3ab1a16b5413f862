/**
 * How scanner threads share a walk without an event loop: a thread that has run dry waits on its mailbox in shared
 * memory, and a thread that has directories to spare puts half of them there. The walk is over when all wait.
 */

/** A directory to look at: its raw path (a binary string, '' = root) and its names if they were read already. */
export type WorkItem = { readonly dir: string; readonly names: readonly string[] | undefined };

const BUSY = 0;
const IDLE = 1;
const FILLING = 2;
const FULL = 3;
const DONE = 4;

const MAILBOX_BYTES = 1024 * 1024;
/** '/' cannot be in a name; an empty directory's names and names that were not kept are told apart by the length. */
const SEPARATOR = '/';
const NO_NAMES = 0xffffffff;

export type WorkPool = {
  readonly threads: number;
  /** [0] = busy threads, [1 + n] = state of thread n. */
  readonly states: Int32Array<SharedArrayBuffer>;
  readonly mailboxes: SharedArrayBuffer;
};

/** Made by the child's main thread and handed to every worker. */
export function createWorkPool(threads: number): WorkPool {
  const states = new Int32Array(new SharedArrayBuffer(4 * (1 + threads)));
  states[0] = threads;
  return { threads, states, mailboxes: new SharedArrayBuffer(threads * MAILBOX_BYTES) };
}

/** Waits for items from another thread; undefined when the whole walk is over. */
export function takeItems(pool: WorkPool, thread: number): WorkItem[] | undefined {
  const { states } = pool;
  const mine = 1 + thread;
  Atomics.store(states, mine, IDLE);
  if (Atomics.sub(states, 0, 1) === 1) finish(pool);
  for (;;) {
    const state = Atomics.load(states, mine);
    if (state === DONE) return undefined;
    if (state === FULL) {
      const items = readItems(mailbox(pool, thread));
      Atomics.store(states, mine, BUSY);
      return items;
    }
    Atomics.wait(states, mine, state);
  }
}

/**
 * Gives the oldest half of `items` (they hold the largest subtrees) to a thread that waits, if one does; true when
 * `items` has become shorter.
 */
export function donateItems(pool: WorkPool, thread: number, items: WorkItem[]): boolean {
  if (items.length < 2 || Atomics.load(pool.states, 0) === pool.threads) return false;
  const before = items.length;
  for (let other = 0; other < pool.threads; other++) {
    if (other === thread || items.length < 2) continue;
    if (Atomics.compareExchange(pool.states, 1 + other, IDLE, FILLING) !== IDLE) continue;
    Atomics.add(pool.states, 0, 1);
    const given = writeItems(mailbox(pool, other), items, Math.ceil(items.length / 2));
    items.splice(0, given);
    Atomics.store(pool.states, 1 + other, FULL);
    Atomics.notify(pool.states, 1 + other);
  }
  return items.length < before;
}

function finish(pool: WorkPool): void {
  for (let thread = 0; thread < pool.threads; thread++) {
    Atomics.store(pool.states, 1 + thread, DONE);
    Atomics.notify(pool.states, 1 + thread);
  }
}

function mailbox(pool: WorkPool, thread: number): Buffer {
  return Buffer.from(pool.mailboxes, thread * MAILBOX_BYTES, MAILBOX_BYTES);
}

/** u32 count, then for each item u32 path length, u32 names length, path, names. Gives how many did fit. */
function writeItems(box: Buffer, items: readonly WorkItem[], most: number): number {
  let at = 4;
  let count = 0;
  for (const item of items.slice(0, most)) {
    let names = item.names?.join(SEPARATOR);
    let bytes = 8 + item.dir.length + (names?.length ?? 0);
    if (at + bytes > box.length) {
      if (count > 0) break;
      // Alone too large: the other thread reads the names again.
      names = undefined;
      bytes = 8 + item.dir.length;
    }
    box.writeUInt32LE(item.dir.length, at);
    box.writeUInt32LE(names?.length ?? NO_NAMES, at + 4);
    box.write(item.dir, at + 8, 'latin1');
    if (names !== undefined) box.write(names, at + 8 + item.dir.length, 'latin1');
    at += bytes;
    count += 1;
  }
  box.writeUInt32LE(count);
  return count;
}

function readItems(box: Buffer): WorkItem[] {
  const items: WorkItem[] = [];
  let at = 4;
  for (let left = box.readUInt32LE(0); left > 0; left--) {
    const dirEnd = at + 8 + box.readUInt32LE(at);
    const namesLength = box.readUInt32LE(at + 4);
    const dir = box.toString('latin1', at + 8, dirEnd);
    at = dirEnd + (namesLength === NO_NAMES ? 0 : namesLength);
    items.push({
      dir,
      names: namesLength === NO_NAMES ? undefined : splitNames(box.toString('latin1', dirEnd, at)),
    });
  }
  return items;
}

function splitNames(joined: string): string[] {
  return joined === '' ? [] : joined.split(SEPARATOR);
}
