import { hostname } from 'node:os';
import { type EngineEvent, startEngine } from '../app/engine.ts';
import { logEvent } from '../app/log-event.ts';
import { type HangUp, reloadMapping } from '../app/reload-mapping.ts';
import { deliveryWindow, serveEvenings } from '../app/serve-evenings.ts';
import { createWatching } from '../app/watch-shares.ts';
import { watchTokens } from '../app/watch-tokens.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import { openForDaemon } from './open-for-daemon.ts';
import type { AddCommand } from './run-cli.ts';
import { stopSignals } from './stop-signals.ts';

export const addServe: AddCommand = (program, context, finish) => {
  program
    .command('serve')
    .description('The daemon: runs every evening on schedule and delivers; logs JSON lines.')
    .addHelpText(
      'after',
      '\nBetween evenings it listens to shares on local file systems and looks early at what changes (`watch`).\nEnds in order with SIGTERM: running deliveries get their time, the rest goes on after the next start.\nA changed folders.yaml is taken over by itself, or at once with SIGHUP (systemctl reload nightjar), whenever no\nevening is under way; one that would move delivered data waits for `nightjar accept-mapping`.',
    )
    .action(async (_options, command) => {
      const options = optionsOf(command);
      const { workspace: opened, log } = await openForDaemon(context, options);
      await using workspace = opened;
      const { config, ledger, clock } = workspace;
      using stop = stopSignals((signal) => log.info({ signal }, 'serve.stopping'), clock);
      const window = deliveryWindow(config.schedule, clock);
      const holder = `nightjar serve (pid ${process.pid} on ${hostname()})`;
      const emit = (event: EngineEvent): void => logEvent(log, event);
      using hangUp = onHangUp();
      await using engine = await startEngine(workspace, {
        ...{ clock, env: context.env, emit, holder },
        isOpen: window.isOpen,
        stop: stop.signal,
      });
      log.info({ pid: process.pid, stateDir: config.stateDir }, 'serve.started');
      // A daemon whose ledger is damaged ends: another start would be refused, too.
      const signal = AbortSignal.any([stop.signal, ledger.damaged]);
      const watch = createWatching({ config, ledger, clock, log, holder });
      await Promise.all([
        serveEvenings({ config, ledger, engine, clock, log, window, watch, signal }),
        reloadMapping({ workspace, log, signal, window, emit, wake: engine.wake, holder, hangUp }),
        watchTokens({
          ...workspace,
          get config() {
            return { ...config, mapping: workspace.mapping.current().mapping };
          },
          token: engine.token,
          ...{ log, signal },
        }),
      ]);
      ledger.damaged.throwIfAborted();
      log.info('serve.stopped');
      finish(EXIT.done);
    });
};

/** SIGHUP asks for a reload; without a handler it would end the process. */
function onHangUp(): HangUp & Disposable {
  const hangUp = {
    isAsked: false,
    [Symbol.dispose]: () => {
      process.off('SIGHUP', ask);
    },
  };
  const ask = (): void => {
    hangUp.isAsked = true;
  };
  process.on('SIGHUP', ask);
  return hangUp;
}
