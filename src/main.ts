import { homedir } from 'node:os';
import { EXIT } from './cli/exit-code.ts';
import { runCli } from './cli/run-cli.ts';
import { systemClock } from './core/clock.ts';

// A log that cannot be written stops no delivery: what happens is in the ledger. A command whose answer is lost says so.
let isLost = false;
process.stderr.on('error', () => undefined);
process.stdout.on('error', ({ code: why }: NodeJS.ErrnoException) => {
  // Whoever reads our output may stop early (`nightjar why | head`): that is no failure.
  if (why === 'EPIPE' || isLost) return;
  isLost = true;
  process.stderr.write(`nightjar: standard output cannot be written (${why}): what belongs there is lost\n`);
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
process.exit(isLost && code === EXIT.done ? EXIT.unsaid : code);
