import { homedir } from 'node:os';
import { runCli } from './cli/run-cli.ts';
import { systemClock } from './core/clock.ts';

// Whoever reads our output may stop early (`nightjar why | head`): that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  home: homedir(),
  clock: systemClock,
  out: process.stdout,
  err: process.stderr,
});
