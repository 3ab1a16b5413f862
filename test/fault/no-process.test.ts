import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { buildShare } from '../support/build-share.ts';
import { noStrace } from '../support/strace.ts';

const run = promisify(execFile);
const DRIVER = join(import.meta.dirname, '../support/start-nothing.ts');
/** What libuv starts a process with; threads come by clone3. */
const CALLS = 'clone,fork,vfork';

it.skipIf(noStrace !== undefined).each(['EAGAIN', 'ENOMEM'])(
  'a machine that starts no further process (%s) is told as that, with codes that are tried again: by Redis, the look, the pipe of a batch and its reader',
  async (errno) => {
    await using share = await buildShare({ 'SEM1/x': '1' });
    const all = await failures(errno, '1+', [share.root]);
    const reader = await failures(errno, '2+', [share.root, 'after-pipe']);

    const words = expect.stringContaining(`starts no further process (${errno})`) as string;
    expect({ ...all, ...reader }).toEqual({
      redis: ['QUEUE_UNAVAILABLE', 'retry', words],
      proof: ['INTERRUPTED', 'retry', words],
      look: ['INTERRUPTED', 'retry', words],
      pipe: ['INTERRUPTED', 'retry', words],
      reader: ['INTERRUPTED', 'retry', words],
    });
  },
);

/** How starting fails when this call and all after it do. */
async function failures(errno: string, when: string, args: readonly string[]): Promise<object> {
  const trace = ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${CALLS}`];
  const inject = ['-e', `inject=${CALLS}:error=${errno}:when=${when}`];
  const { stdout } = await run('strace', [...trace, ...inject, process.execPath, DRIVER, ...args]);
  return JSON.parse(stdout) as object;
}
