import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { Received } from '../support/nomad/model.ts';
import { type NomadLab, type NomadLabOptions, nomadLab } from '../support/nomad-lab.ts';
import { type NomadServer, startNomadServer } from '../support/nomad-server.ts';
import { startRedis, type TestRedis } from '../support/start-redis.ts';
import { untilPasses } from '../support/until.ts';

const DATASETS = ['gold', 'iron', 'zinc'] as const;

/** Three batches of one owner, one after another. */
async function threeBatches(nomad: NomadServer, options: NomadLabOptions = {}): Promise<NomadLab> {
  const lab = await nomadLab(nomad, { block: 'join: dataset', ...options });
  for (const name of DATASETS) await lab.put(`SEM1/mueller/${name}/a.tif`, name);
  return lab;
}

type Step = 'open' | 'send' | 'close';

/** Which step of a delivery a request begins: `close` is the last look at what was sent, just before it is recorded. */
function stepOf({ method, path, headers }: Received): Step | undefined {
  const type = headers['content-type'];
  if (method === 'POST' && path === '/uploads') return 'open';
  if (method !== 'PUT') return undefined;
  if (type === 'application/octet-stream') return 'send';
  return path.endsWith('/.nightjar') && type === undefined ? 'close' : undefined;
}

const sent = (nomad: NomadServer): number =>
  nomad.requests.filter((request) => stepOf(request) === 'send').length;

/** One command to the lab's own Redis. */
async function tell(lab: NomadLab, ...command: readonly [string, ...string[]]): Promise<string> {
  const redis = new Redis({ path: join(lab.root, 'state/redis/redis.sock') });
  redis.on('error', () => undefined);
  try {
    return String(await redis.call(...command));
  } finally {
    redis.disconnect();
  }
}

async function pidOf(lab: NomadLab): Promise<number> {
  return Number(/^process_id:(\d+)/m.exec(await tell(lab, 'INFO', 'server'))?.[1]);
}

describe('an evening whose Redis', () => {
  it.each<[string, (lab: NomadLab, pid: number, step: Step) => unknown]>([
    ['is killed at each step sends and records each batch once', (_lab, pid) => process.kill(pid, 'SIGKILL')],
    ['is wiped at each step sends and records each batch once', (lab) => tell(lab, 'FLUSHALL')],
    [
      'is slow at each step sends and records each batch once',
      (lab) => tell(lab, 'CLIENT', 'PAUSE', '1500', 'ALL'),
    ],
    [
      'is frozen from open to close sends and records each batch once',
      (_lab, pid, step) => process.kill(pid, step === 'close' ? 'SIGCONT' : 'SIGSTOP'),
    ],
  ])('%s', async (what, strike) => {
    await using nomad = await startNomadServer();
    await using lab = await threeBatches(nomad);
    const struck = new Map<Step, Promise<unknown>>();
    let pid: Promise<number> | undefined;
    nomad.fault = (request) => {
      const step = stepOf(request);
      if (step === undefined || struck.has(step)) return undefined;
      // A frozen one cannot be asked, and one that was killed has a new number.
      if (!what.startsWith('is frozen')) pid = undefined;
      pid ??= pidOf(lab);
      const until = pid.then((known) => strike(lab, known, step));
      struck.set(step, until);
      return { kind: 'wait', until };
    };

    const report = await lab.evening();

    expect([...struck.keys()].toSorted()).toEqual(['close', 'open', 'send']);
    expect(report).toMatchObject({
      outcome: 'done',
      balanced: true,
      buckets: { delivered: { files: 3 } },
    });
    expect(sent(nomad)).toBe(3);
  });
});

it('a run whose Redis freezes in close and stays so ends, and has recorded what it sent once', async () => {
  await using nomad = await startNomadServer();
  await using lab = await nomadLab(nomad, { block: 'join: dataset' });
  await lab.put('SEM1/mueller/gold/a.tif', 'gold');
  let pid: number | undefined;
  let isFrozen = false;
  nomad.fault = (request) => {
    const step = stepOf(request);
    if (step === 'open') void pidOf(lab).then((known) => (pid = known));
    if (step === 'close' && pid !== undefined) isFrozen = process.kill(pid, 'SIGSTOP');
    return undefined;
  };

  const first = await lab.evening();
  nomad.fault = undefined;
  const next = await lab.evening();

  expect(first).toMatchObject({ outcome: 'done', balanced: true, buckets: { delivered: { files: 1 } } });
  expect(isFrozen).toBe(true);
  expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
  expect(next).toMatchObject({
    outcome: 'done',
    buckets: { delivered: { files: 0 }, unchanged: { files: 1 } },
  });
  expect(sent(nomad)).toBe(1);
});

type Way = AsyncDisposable & {
  readonly url: string;
  /** Another server has the address from now on. */
  readonly leadTo: (redis: TestRedis) => void;
};

/** The way to a Redis of the tests as to an outside one. */
async function outside(first: TestRedis): Promise<Way> {
  let redis = first;
  const passage = createServer((inside) => {
    const there = connect(redis.target.socketPath);
    for (const [socket, other] of [
      [inside, there],
      [there, inside],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
    inside.pipe(there).pipe(inside);
  });
  passage.listen(0, '127.0.0.1');
  await once(passage, 'listening');
  const address = passage.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `redis://127.0.0.1:${port}`,
    leadTo: (next) => {
      redis = next;
    },
    [Symbol.asyncDispose]: async () => {
      passage.close();
      await Promise.resolve();
    },
  };
}

/** Where Redis would put its dump is something else; that stops its writes only from when it is told so. */
async function failToSave({ stateDir }: TestRedis, admin: Redis): Promise<void> {
  await admin.config('SET', 'stop-writes-on-bgsave-error', 'no');
  await admin.config('SET', 'save', '3600 1');
  await mkdir(join(stateDir, 'redis', 'dump.rdb', 'in the way'), { recursive: true });
  await admin.bgsave();
  const lastSave = async (): Promise<string> => await admin.info('persistence');
  await untilPasses(async () => expect(await lastSave()).toContain('rdb_last_bgsave_status:err'));
}

describe('an outside Redis', () => {
  it.each<[string, readonly [setting: string, on: string, off: string], string]>([
    [
      'that is full lets the delivery under way end; the run says why the rest waits, and the next one goes on',
      ['maxmemory', '1', '0'],
      'OOM',
    ],
    [
      'that is read-only lets the delivery under way end; the run says why the rest waits, and the next one goes on',
      ['min-replicas-to-write', '1', '0'],
      'NOREPLICAS',
    ],
    [
      'that cannot write to its disk lets the delivery under way end; the run says why the rest waits, and the next one goes on',
      ['stop-writes-on-bgsave-error', 'yes', 'no'],
      'MISCONF',
    ],
  ])('%s', async (_what, [setting, on, off], word) => {
    await using redis = await startRedis();
    await using way = await outside(redis);
    await using nomad = await startNomadServer();
    await using lab = await threeBatches(nomad, {
      deliveries: 'outage_wait: 2s',
      extra: `redis: { url: "${way.url}" }`,
    });
    const admin = new Redis({ path: redis.target.socketPath });
    if (word === 'MISCONF') await failToSave(redis, admin);
    nomad.fault = (request) => {
      if (stepOf(request) !== 'open') return undefined;
      return { kind: 'wait', until: admin.config('SET', setting, on) };
    };

    const first = await lab.nightjar('run', '--json');

    expect(first.code).toBe(75);
    expect(JSON.parse(first.out)).toMatchObject({
      ...{ outcome: 'waiting', balanced: true },
      buckets: { delivered: { files: 1 }, waiting: { files: 2 } },
      queue: { code: 'QUEUE_UNAVAILABLE', message: expect.stringContaining(word) },
    });
    nomad.fault = undefined;
    await admin.config('SET', setting, off);
    admin.disconnect();
    expect(await lab.evening()).toMatchObject({ outcome: 'done', buckets: { delivered: { files: 2 } } });
    expect(sent(nomad)).toBe(3);
  });

  it('whose place another, empty one takes at each step costs nothing: each batch is sent and recorded once', async () => {
    await using servers = new AsyncDisposableStack();
    let current = servers.use(await startRedis());
    await using way = await outside(current);
    await using nomad = await startNomadServer();
    await using lab = await threeBatches(nomad, { extra: `redis: { url: "${way.url}" }` });
    const swap = async (): Promise<void> => {
      await current.kill();
      current = servers.use(await startRedis());
      way.leadTo(current);
    };
    let swapping = Promise.resolve();
    const struck = new Set<Step>();
    nomad.fault = (request) => {
      const step = stepOf(request);
      if (step === undefined || struck.has(step)) return undefined;
      struck.add(step);
      swapping = swapping.then(swap);
      return { kind: 'wait', until: swapping };
    };

    const report = await lab.evening();

    expect([...struck].toSorted()).toEqual(['close', 'open', 'send']);
    expect(report).toMatchObject({ outcome: 'done', balanced: true, buckets: { delivered: { files: 3 } } });
    expect(sent(nomad)).toBe(3);
  });
});
