import { join } from 'node:path';
import { startDeliveries } from '../app/deliveries.ts';
import type { EngineEvent } from '../app/engine.ts';
import { logEvent } from '../app/log-event.ts';
import { asIngestError } from '../core/errors.ts';
import { openLog } from '../log/open-log.ts';
import { EXIT } from './exit-code.ts';
import { openForCommand, optionsOf } from './open.ts';
import type { AddCommand } from './run-cli.ts';
import { stopSignals } from './stop-signals.ts';

export const addWorker: AddCommand = (program, context, finish) => {
  program
    .command('worker')
    .description('Deliver batches beside a running `nightjar serve` or `nightjar run` on this host.')
    .addHelpText(
      'after',
      '\nIt takes batches from the queue of the process that runs the evening and ends with SIGTERM.',
    )
    .action(async (_options, command) => {
      const options = optionsOf(command);
      await using workspace = await openForCommand(context, options);
      const { config, clock } = workspace;
      const log = openLog(config.logLevel, context.out);
      using stop = stopSignals((signal) => log.info({ signal }, 'worker.stopping'));
      const target =
        config.redis.url === undefined
          ? { socketPath: join(config.stateDir, 'redis', 'redis.sock') }
          : { url: config.redis.url };
      const parts = { clock, env: context.env, emit: (event: EngineEvent) => logEvent(log, event) };
      const trouble = (thrown: unknown): void =>
        log.warn({ error: asIngestError(thrown, 'work') }, 'worker.trouble');
      await using deliveries = startDeliveries(workspace, parts, { target, trouble });
      log.info({ running: deliveries.running().size }, 'worker.started');
      await new Promise<void>((resolve) => {
        stop.signal.addEventListener('abort', () => resolve(), { once: true });
      });
      finish(EXIT.done);
    });
};
