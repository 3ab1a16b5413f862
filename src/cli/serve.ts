import { hostname } from 'node:os';
import { startEngine } from '../app/engine.ts';
import { logEvent } from '../app/log-event.ts';
import { deliveryWindow, serveEvenings } from '../app/serve-evenings.ts';
import { createWatching } from '../app/watch-shares.ts';
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
      '\nBetween evenings it listens to shares on local file systems and looks early at what changes (`watch`).\nEnds in order with SIGTERM: running deliveries get their time, the rest goes on after the next start.',
    )
    .action(async (_options, command) => {
      const options = optionsOf(command);
      const { workspace: opened, log } = await openForDaemon(context, options);
      await using workspace = opened;
      const { config, ledger, clock } = workspace;
      using stop = stopSignals((signal) => log.info({ signal }, 'serve.stopping'));
      const window = deliveryWindow(config.schedule, clock);
      const holder = `nightjar serve (pid ${process.pid} on ${hostname()})`;
      await using engine = await startEngine(workspace, {
        clock,
        env: context.env,
        emit: (event) => logEvent(log, event),
        isOpen: window.isOpen,
        holder,
      });
      log.info({ pid: process.pid, stateDir: config.stateDir }, 'serve.started');
      const { signal } = stop;
      const watch = createWatching({ config, ledger, clock, log, holder });
      await Promise.all([
        serveEvenings({ config, ledger, engine, clock, log, window, watch, signal }),
        watchTokens({ ...workspace, token: engine.token, log, signal }),
      ]);
      log.info('serve.stopped');
      finish(EXIT.done);
    });
};
