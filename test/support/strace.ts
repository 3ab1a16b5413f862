import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { ofProcess } from './frozen.ts';
import { untilTrue } from './until.ts';

/** Why no system call can be made to fail here; undefined: it can (Debian package `strace`, and the right to trace). */
export const noStrace: string | undefined =
  spawnSync('strace', ['-qq', '-e', 'trace=none', 'true']).status === 0
    ? undefined
    : 'making system calls fail needs strace';
if (noStrace !== undefined) console.log(`left out: ${noStrace}`);

export type FailingCall = {
  /** Names as strace knows them: `fsync,fdatasync`. */
  readonly calls: string;
  readonly error: string;
  /** Which of them in each process, as strace counts them: `1` the first from now on, `1+` that and all after it. */
  readonly when: string;
  /** Only those that are about this file. */
  readonly path?: string;
};

const argsOf = ({ calls, error, when, path }: FailingCall, log: string): string[] => [
  ...['-f', '-qq', '-o', log],
  ...(path === undefined ? [] : ['-P', path]),
  ...['-e', `trace=${calls}`, '-e', `inject=${calls}:error=${error}:when=${when}`],
];

/** Makes a call of a process that is frozen fail once it goes on. The answer waits for that, and leaves the process alone. */
export async function failCall(pid: number, failing: FailingCall, log: string): Promise<() => Promise<void>> {
  const strace = spawn('strace', [...argsOf(failing, log), '-p', `${pid}`], { stdio: 'ignore' });
  const ended = once(strace, 'exit');
  await untilTrue(() => isTraced(pid), `${failing.calls} of process ${pid} are watched`);
  return async () => {
    await untilTrue(() => readFileSync(log, 'latin1').includes('INJECTED'), `${failing.calls} failed`);
    strace.kill('SIGTERM');
    await ended;
  };
}

/** See proc_pid_status(5). */
function isTraced(pid: number): boolean {
  return !/^TracerPid:\t0$/m.test(ofProcess(pid, 'status'));
}
