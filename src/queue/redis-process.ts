import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { IngestError, systemCode } from '../core/errors.ts';
import { noProcess } from '../core/no-process.ts';

/** A server found on PATH: `redis-server` or `valkey-server`, and its version "7.0.15". */
export type RedisProgram = { readonly name: string; readonly version: string };

/** One server process of ours. `exited` settles when it has ended, with the way it did as a phrase. */
export type RedisProcess = {
  readonly pid: number;
  readonly exited: Promise<string>;
  /** The same phrase, or undefined while it runs. */
  readonly ended: () => string | undefined;
  readonly kill: (signal: 'SIGTERM' | 'SIGKILL') => void;
  /** The last lines it printed, for an error message. */
  readonly lastWords: () => string;
};

const PROGRAMS = ['redis-server', 'valkey-server'] as const;
/** BullMQ's recommended minimum (its RedisConnection.recommendedMinimumVersion, 6.7.0 of BullMQ). */
const OLDEST = [6, 2] as const;
const run = promisify(execFile);

/** Looks on PATH; REDIS_MISSING when there is none or only one that is too old, QUEUE_UNAVAILABLE when none can be asked. */
export async function findRedis(): Promise<RedisProgram> {
  const tooOld: string[] = [];
  for (const name of PROGRAMS) {
    const version = await versionOf(name);
    if (version === undefined) continue;
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return { name, version };
    tooOld.push(`${name} ${version}`);
  }
  const found = tooOld.length === 0 ? 'neither is on PATH' : `only ${tooOld.join(', ')}, older than 6.2`;
  throw new IngestError('REDIS_MISSING', `starting redis-server or valkey-server: ${found}`, {
    hint: "Run 'sh src/setup.sh' (or 'apt-get install redis-server' as root), or set redis.url to a Redis of your own.",
  });
}

async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: 10_000 });
    return /\bv=(\d+\.\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? '0.0';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throwIfFull(program, error);
    return '0.0';
  }
}

/** A machine without room for a process says nothing about the program. */
function throwIfFull(program: string, error: unknown): void {
  const full = noProcess(`starting ${program}`, error, 'QUEUE_UNAVAILABLE');
  if (full !== undefined) throw full;
}

/**
 * When the daemon dies without a word, Redis must not stay behind: the kernel tells it (setpriv, util-linux). Where
 * setpriv is missing, a shell waits for the end of a pipe that only the daemon holds; a line on it sends it home.
 */
const WITH_SETPRIV = ['--pdeathsig', 'TERM'] as const;
const WITH_PIPE_GUARD = `(read -r _ <&3 || kill -TERM $$) </dev/null >/dev/null 2>&1 & exec "$1" - 3<&-`;

/**
 * Starts the server in a session of its own, so that a Ctrl-C meant for us leaves it to us. The configuration goes over
 * stdin: nothing of it is in argv or on disk. REDIS_MISSING when the program cannot be run.
 */
export async function spawnRedis(program: string, configuration: string, cwd: string): Promise<RedisProcess> {
  const [command, args] = await launcherOf(program);
  let failure: unknown;
  const child = startOrSay(command, () =>
    spawn(command, args, { cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }),
  );
  child.once('error', (error) => (failure = error));
  const words = remember(child);
  const exited = ending(child);
  if (child.pid === undefined) {
    const how = await exited;
    throwIfFull(program, failure);
    throw new IngestError('REDIS_MISSING', `starting ${program}: ${how}`, {
      hint: 'Check that the service may start programs and that its PATH has the system directories.',
    });
  }
  let ended: string | undefined;
  exited.then((how) => (ended = how)).catch(() => undefined);
  // A server that ends before it has read its configuration is told of by `exited`.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(configuration);
  return {
    pid: child.pid,
    exited,
    ended: () => ended,
    kill: (signal) => child.kill(signal),
    lastWords: () => words.join('\n'),
  };
}

/** Node throws for want of memory, and tells all else by an event. */
function startOrSay(program: string, start: () => ChildProcess): ChildProcess {
  try {
    return start();
  } catch (error) {
    throwIfFull(program, error);
    throw error;
  }
}

async function launcherOf(program: string): Promise<[string, string[]]> {
  try {
    // BusyBox has a setpriv that knows nothing of this.
    await run('setpriv', [...WITH_SETPRIV, 'true'], { timeout: 10_000 });
    return ['setpriv', [...WITH_SETPRIV, program, '-']];
  } catch (error) {
    throwIfFull('setpriv', error);
    return ['sh', ['-c', WITH_PIPE_GUARD, 'nightjar-redis', program]];
  }
}

function ending(child: ChildProcess): Promise<string> {
  const ended = Promise.withResolvers<string>();
  child.once('error', (error) => ended.resolve(error.message));
  child.once('exit', (code, signal) => {
    const guard = child.stdio[3];
    if (guard !== null && guard !== undefined && 'end' in guard) {
      guard.on('error', () => undefined);
      guard.end('\n');
    }
    ended.resolve(
      signal === null ? `it ended with exit code ${code ?? 'unknown'}` : `it was ended by ${signal}`,
    );
  });
  return ended.promise;
}

const WORDS_KEPT = 20;

/** Keeps the last lines of what the server prints; it must be read to the end, or the server would wait for us. */
function remember(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('error', () => undefined);
    stream?.on('data', (text: string) => {
      lines.push(
        ...text
          .split('\n')
          .filter((line) => /\w/.test(line))
          .map((line) => line.slice(0, 300)),
      );
      lines.splice(0, lines.length - WORDS_KEPT);
    });
  }
  return lines;
}
