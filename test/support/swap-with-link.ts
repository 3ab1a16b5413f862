import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Makes a directory and a link change places, as fast as it can, until it is ended. */
const SWAPPER = `
  import { renameSync } from 'node:fs';
  const [name, link] = process.argv.slice(1);
  process.stdout.write('swapping');
  for (;;) {
    renameSync(name, name + '.away');
    renameSync(link, name);
    renameSync(name, link);
    renameSync(name + '.away', name);
  }`;

/** A process that makes the directory `name` and the link `link` change places all the time, until it is disposed of. */
export async function swapWithLink(name: string, link: string): Promise<AsyncDisposable> {
  const swapper = spawn(process.execPath, ['--input-type=module', '-e', SWAPPER, name, link], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(swapper, 'exit');
  await once(swapper.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      swapper.kill('SIGKILL');
      await ended;
    },
  };
}
