import { hostname } from 'node:os';
import { startEngine } from '../app/engine.ts';
import { logEvent } from '../app/log-event.ts';
import { deliveryWindow, serveEvenings } from '../app/serve-evenings.ts';
import { watchTokens } from '../app/watch-tokens.ts';
import { EXIT } from './exit-code.ts';
import { openForDaemon, optionsOf } from './open.ts';
import type { AddCommand } from './run-cli.ts';
import { stopSignals } from './stop-signals.ts';

export const addServe: AddCommand = (program, context, finish) => {
  program
    .command('serve')
    .description('The daemon: runs every evening on schedule and delivers; logs JSON lines.')
    .addHelpText(
      'after',
      '\nEnds in order with SIGTERM: running deliveries get their time, the rest goes on after the next start.',
    )
    .action(async (_options, command) => {
      const options = optionsOf(command);
      const { workspace: opened, log } = await openForDaemon(context, options);
      await using workspace = opened;
      const { config, ledger, clock } = workspace;
      using stop = stopSignals((signal) => log.info({ signal }, 'serve.stopping'));
      const window = deliveryWindow(config.schedule, clock);
      await using engine = await startEngine(workspace, {
        clock,
        env: context.env,
        emit: (event) => logEvent(log, event),
        isOpen: window.isOpen,
        holder: `nightjar serve (pid ${process.pid} on ${hostname()})`,
      });
      log.info({ pid: process.pid, stateDir: config.stateDir }, 'serve.started');
      const { signal } = stop;
      await Promise.all([
        serveEvenings({ config, ledger, engine, clock, log, window, signal }),
        watchTokens({ ...workspace, token: engine.token, log, signal }),
      ]);
      log.info('serve.stopped');
      finish(EXIT.done);
    });
};
