/**
 * A TCP proxy on loopback that goes wrong at a byte: it stands between a client and a server and knows nothing of what
 * they say. docs/testing.md has the table of what it can do.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export type Direction = 'request' | 'answer';

/** What happens once, and to which byte. The connection it happens to never works again; the next ones do. */
export type Strike = {
  /**
   * `cut`: both sides see the end of the connection (FIN). `reset`: both see RST. `stall`: nothing passes any more, and all
   * stays open. `swallow`: nothing passes in this direction any more. `half-open`: the server is gone, and the client is not
   * told. `drip`: the rest comes a byte at a time.
   */
  readonly kind: 'cut' | 'reset' | 'stall' | 'swallow' | 'half-open' | 'drip';
  readonly in: Direction;
  /** So many bytes of that direction pass before, counted over all connections since the strike was set. */
  readonly at: number;
  /** Between two bytes of a `drip`; default 20. */
  readonly everyMs?: number;
};

export type FaultProxy = AsyncDisposable & {
  readonly origin: string;
  /** Port of the server behind it. */
  target: number;
  /** The one to come; undefined once it has struck. Setting it begins to count anew. */
  strike: Strike | undefined;
  /** Bytes that went through since the strike was set. */
  readonly passed: Readonly<Record<Direction, number>>;
  /** What had passed before each request, since the strike was set: requests one after the other are told apart by it. */
  readonly turns: readonly Readonly<Record<Direction, number>>[];
  /** For how many ms connections that were struck have been open since: what a client waits in vain. */
  readonly waitedMs: () => number;
};

type Pair = {
  readonly client: Socket;
  readonly server: Socket;
  state: 'passes' | Strike['kind'];
  dead?: Direction;
  /** What is still to be dripped. */
  rest?: number[];
};

export async function startFaultProxy(target = 0): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  const timers = new Set<NodeJS.Timeout>();
  const count = { request: 0, answer: 0 };
  const turns: Record<Direction, number>[] = [];
  let last: Direction = 'answer';
  let coming: Strike | undefined;
  const waits = { ended: 0, since: undefined as number | undefined };
  const waitedMs = (): number =>
    waits.ended + (waits.since === undefined ? 0 : performance.now() - waits.since);

  function take(pair: Pair, direction: Direction, piece: Buffer): void {
    if (pair.state === 'drip' && pair.dead === direction) return void pair.rest?.push(...piece);
    if (pair.state !== 'passes' && !passesStill(pair, direction)) return;
    if (direction === 'request' && last === 'answer') turns.push({ ...count });
    last = direction;
    const to = direction === 'request' ? pair.server : pair.client;
    const isHit = coming?.in === direction && count[direction] + piece.length >= coming.at;
    if (coming === undefined || !isHit || pair.state !== 'passes') {
      count[direction] += piece.length;
      return pass(pair, direction, piece);
    }
    const strike = coming;
    coming = undefined;
    const before = piece.subarray(0, Math.max(0, strike.at - count[direction]));
    count[direction] += before.length;
    Object.assign(pair, { state: strike.kind, dead: direction });
    waits.since = performance.now();
    if (strike.kind === 'drip')
      drip(to, (pair.rest = [...piece.subarray(before.length)]), strike.everyMs ?? 20);
    to.write(before, () => hit(pair, strike.kind));
  }

  function drip(to: Socket, rest: number[], everyMs: number): void {
    const timer = setInterval(() => {
      const byte = rest.shift();
      if (byte !== undefined) to.write(Buffer.of(byte));
      if (to.destroyed) stopDripping(timer);
    }, everyMs);
    timers.add(timer);
  }

  function stopDripping(timer: NodeJS.Timeout): void {
    clearInterval(timer);
    timers.delete(timer);
  }

  const proxy = createServer((client) => {
    const server = connect(own.target, '127.0.0.1');
    const pair: Pair = { client, server, state: 'passes' };
    pairs.add(pair);
    client.on('data', (piece) => take(pair, 'request', Buffer.from(piece)));
    server.on('data', (piece) => take(pair, 'answer', Buffer.from(piece)));
    for (const side of [client, server]) side.on('error', () => undefined);
    client.on('close', () => {
      pairs.delete(pair);
      if (pair.state !== 'passes') Object.assign(waits, { ended: waitedMs(), since: undefined });
      server.destroy();
    });
    server.on('close', () => {
      if (['passes', 'swallow'].includes(pair.state)) client.end();
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  const own: FaultProxy = {
    origin: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    target,
    get strike() {
      return coming;
    },
    set strike(next) {
      coming = next;
      Object.assign(count, { request: 0, answer: 0 });
      turns.length = 0;
    },
    passed: count,
    waitedMs,
    turns,
    [Symbol.asyncDispose]: async () => {
      for (const timer of timers) stopDripping(timer);
      for (const { client, server } of pairs) for (const side of [client, server]) side.destroy();
      const { promise, resolve } = Promise.withResolvers<void>();
      proxy.close(() => resolve());
      await promise;
    },
  };
  return own;
}

/** A `swallow` is deaf in one direction only, and a `drip` has its own pace there. */
const passesStill = ({ state, dead }: Pair, direction: Direction): boolean =>
  (state === 'swallow' || state === 'drip') && dead !== direction;

function pass({ client, server }: Pair, direction: Direction, piece: Buffer): void {
  const [from, to] = direction === 'request' ? [client, server] : [server, client];
  if (to.write(piece)) return;
  from.pause();
  to.once('drain', () => from.resume());
}

function hit({ client, server }: Pair, kind: Strike['kind']): void {
  switch (kind) {
    case 'cut':
      client.end();
      server.end();
      return;
    case 'reset':
      client.resetAndDestroy();
      server.resetAndDestroy();
      return;
    case 'half-open':
      server.resetAndDestroy();
      return;
    case 'stall':
    case 'swallow':
    case 'drip':
      return;
    default:
      kind satisfies never;
  }
}
