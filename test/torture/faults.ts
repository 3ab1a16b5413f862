import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readlink, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
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

/** What may happen to the processes of an evening while it runs; answers with what was done. */
export const PROCESS_FAULTS = [
  'none',
  'kill',
  'stop twice',
  'freeze',
  'redis killed',
  'user management away',
  'failing processing',
] as const;
export type ProcessFault = (typeof PROCESS_FAULTS)[number];

export async function strike(
  fault: ProcessFault,
  {
    run,
    nomad,
    stateDir,
    random,
  }: { run: ChildProcess; nomad: NomadServer; stateDir: string; random: Random },
): Promise<void> {
  await Promise.race([wait(random.between(300, 6_000)), once(run, 'exit')]);
  if (run.exitCode !== null) return;
  switch (fault) {
    case 'none':
      return;
    case 'kill':
      run.kill('SIGKILL');
      return;
    case 'stop twice':
      run.kill('SIGTERM');
      await wait(random.between(0, 2_000));
      run.kill('SIGTERM');
      return;
    case 'freeze':
      run.kill('SIGSTOP');
      await wait(random.between(500, 4_000));
      run.kill('SIGCONT');
      return;
    case 'redis killed': {
      const pid = await redisOf(stateDir);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      return;
    }
    case 'user management away':
      nomad.outage = true;
      await wait(random.between(500, 3_000));
      nomad.outage = false;
      return;
    case 'failing processing':
      nomad.worker.failNext('OSError: [Errno 28] No space left on device');
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
  switch (random.pick(['left alone', 'left alone', 'wiped', 'cut short'])) {
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
    default:
      return 'queue left alone';
  }
}
