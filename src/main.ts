import { homedir } from 'node:os';
import { runCli } from './cli/run-cli.ts';
import { systemClock } from './core/clock.ts';

// Whoever reads our output may stop early (`nightjar why | head`): that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

const code = await runCli(process.argv.slice(2), {
  env: process.env,
  home: homedir(),
  clock: systemClock,
  out: process.stdout,
  err: process.stderr,
});
// All is closed: once it is said too, a timer that a library keeps for a Redis that is gone must not keep the process.
const said = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve());
  });
await Promise.all([said(process.stdout), said(process.stderr)]);
process.exit(code);
