import { homedir } from 'node:os';
import { runCli } from './cli/run-cli.ts';
import { systemClock } from './core/clock.ts';

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  home: homedir(),
  clock: systemClock,
  out: process.stdout,
  err: process.stderr,
});
