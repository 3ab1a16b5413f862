import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open, readdir, readFile, readlink, rename, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { childPids } from '../support/child-pids.ts';
import type { Fault, NomadServer } from '../support/nomad-server.ts';
import type { Random } from './random.ts';

const HTML = '<html><body>a proxy speaking</body></html>';

/** What may happen to one request, each with its weight. */
const REQUEST_FAULTS: readonly (readonly [number, (random: Random) => Fault])[] = [
  [3, () => ({ kind: 'reset' })],
  [3, (random) => ({ kind: 'reset', afterBytes: random.between(0, 5_000) })],
  [4, () => ({ kind: 'answer-lost' })],
  [3, () => ({ kind: 'answer', status: 503 })],
  [2, () => ({ kind: 'answer', status: 429, headers: { 'retry-after': '1' } })],
  [2, () => ({ kind: 'answer', status: 502, headers: { 'content-type': 'text/html' }, body: HTML })],
  [
    3,
    () => ({
      kind: 'answer',
      status: 504,
      headers: { 'content-type': 'text/html' },
      body: HTML,
      afterBody: true,
    }),
  ],
  [1, () => ({ kind: 'answer', status: 200, body: HTML })],
  [1, () => ({ kind: 'answer', status: 200, body: '{"upload_id": "cut' })],
  [2, () => ({ kind: 'drop-files', process: true })],
  [2, () => ({ kind: 'drop-files', process: false })],
];

/** Lets a part of all requests go wrong, until `calm`. */
export function misbehave(nomad: NomadServer, part: number, random: Random): void {
  const bag = REQUEST_FAULTS.flatMap(([weight, make]) => Array.from({ length: weight }, () => make));
  nomad.fault = ({ method, path }) => {
    if (!random.chance(part)) return undefined;
    const fault = bag[random.between(0, bag.length - 1)]?.(random);
    // Files can only be dropped where files are sent.
    const sends = method === 'PUT' && path.includes('/raw/');
    return fault?.kind === 'drop-files' && !sends ? undefined : fault;
  };
}

export function calm(nomad: NomadServer): void {
  nomad.fault = undefined;
  nomad.outage = false;
}

/** What may happen while an evening runs. */
export const EVENING_FAULTS = [
  'none',
  'kill',
  'stop twice',
  'freeze',
  'redis killed',
  'redis frozen',
  'reader killed',
  'worker beside, killed',
  'share away',
  'platform away',
  'user management away',
  'failing processing',
  'no more open files',
] as const;
export type EveningFault = (typeof EVENING_FAULTS)[number];

/** `run`: the evening; `beside`: starts another command of the same lab. */
export type Scene = {
  readonly run: ChildProcess;
  readonly beside: (command: string) => ChildProcess;
  readonly nomad: NomadServer;
  readonly share: string;
  readonly stateDir: string;
  readonly random: Random;
};

const STRIKE: Readonly<Record<EveningFault, (scene: Scene) => unknown>> = {
  none: () => undefined,
  kill: ({ run }) => run.kill('SIGKILL'),
  'stop twice': async ({ run, random }) => {
    run.kill('SIGTERM');
    await wait(random.between(0, 2_000));
    run.kill('SIGTERM');
  },
  freeze: async ({ run, random }) => await freeze(run.pid, random.between(500, 4_000)),
  'redis killed': async ({ stateDir }) => send(await redisOf(stateDir), 'SIGKILL'),
  'redis frozen': async ({ stateDir, random }) =>
    await freeze(await redisOf(stateDir), random.between(500, 8_000)),
  'reader killed': ({ run, random }) => {
    const [first, ...others] = run.pid === undefined ? [] : childPids(run.pid).filter(isNode);
    if (first !== undefined) send(random.pick([first, ...others]), 'SIGKILL');
  },
  'worker beside, killed': async ({ beside, random }) => {
    const worker = beside('worker');
    await Promise.race([wait(random.between(1_000, 5_000)), once(worker, 'exit')]);
    if (worker.exitCode === null) worker.kill('SIGKILL');
  },
  'share away': async ({ share, random }) => {
    await rename(share, `${share}.away`);
    await wait(random.between(100, 3_000));
    await rename(`${share}.away`, share);
  },
  'platform away': async ({ nomad, random }) => {
    await nomad.away();
    await wait(random.between(500, 4_000));
    await nomad.back();
  },
  'user management away': async ({ nomad, random }) => {
    nomad.outage = true;
    await wait(random.between(500, 3_000));
    nomad.outage = false;
  },
  'failing processing': ({ nomad, random }) =>
    nomad.worker.failNext('OSError: [Errno 28] No space left on device', random.between(0, 2)),
  'no more open files': async ({ run, random }) => await starve(run.pid, random.between(500, 5_000)),
};

/** For a while the process can open no further file or connection. */
async function starve(pid: number | undefined, ms: number): Promise<void> {
  const open = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');
  const was = /^Max open files +(\d+)/m.exec(limits)?.[1];
  if (open.length === 0 || was === undefined) return;
  const most = Math.max(...open.map(Number)) + 1;
  for (const limit of [most, was]) {
    spawnSync('prlimit', ['--pid', String(pid), `--nofile=${limit}:`]);
    if (limit === most) await wait(ms);
  }
}

/** Lets the evening run for a while and then does this to it. */
export async function strike(fault: EveningFault, scene: Scene): Promise<void> {
  await Promise.race([wait(scene.random.between(300, 6_000)), once(scene.run, 'exit')]);
  if (scene.run.exitCode === null) await STRIKE[fault](scene);
}

async function freeze(pid: number | undefined, ms: number): Promise<void> {
  send(pid, 'SIGSTOP');
  await wait(ms);
  send(pid, 'SIGCONT');
}

function send(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

function isNode(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('node');
  } catch {
    return false;
  }
}

/** The embedded Redis of a state directory: the process that works in its directory. */
async function redisOf(stateDir: string): Promise<number | undefined> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '');
    if (cwd === join(stateDir, 'redis')) return Number(name);
  }
  return undefined;
}

/** What may happen to the queue's files between two evenings. */
export async function damageQueue(stateDir: string, random: Random): Promise<string> {
  const dir = join(stateDir, 'redis');
  if ((await redisOf(stateDir)) !== undefined) return 'queue in use';
  const files = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const logs = files.filter((entry) => entry.isFile() && entry.name.endsWith('.aof'));
  const [log] = logs;
  switch (random.pick(['left alone', 'left alone', 'wiped', 'cut short', 'broken'])) {
    case 'wiped':
      await rm(dir, { recursive: true, force: true });
      return 'queue wiped';
    case 'cut short': {
      if (log === undefined) return 'queue left alone';
      const file = join(log.parentPath, log.name);
      const { size } = await stat(file);
      await truncate(file, random.between(0, size));
      return 'queue cut short';
    }
    case 'broken': {
      if (log === undefined) return 'queue left alone';
      await scribble(join(log.parentPath, log.name), random);
      return 'queue broken';
    }
    default:
      return 'queue left alone';
  }
}

/** Other bytes somewhere in the file. */
async function scribble(file: string, random: Random): Promise<void> {
  const { size } = await stat(file);
  const handle = await open(file, 'r+');
  await handle.write(random.bytes(8), 0, 8, random.between(0, size));
  await handle.close();
}
