import { join } from 'node:path';
import { startDeliveries } from '../app/deliveries.ts';
import type { EngineEvent } from '../app/engine.ts';
import { logEvent } from '../app/log-event.ts';
import { createTrouble } from '../app/tell-trouble.ts';
import type { Config } from '../config/config.ts';
import { IngestError } from '../core/errors.ts';
import { instanceHolder } from '../ledger/instance-lock.ts';
import type { RedisTarget } from '../queue/connect-redis.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import { openForDaemon } from './open-for-daemon.ts';
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
      const { workspace: opened, log } = await openForDaemon(context, options);
      await using workspace = opened;
      const { clock } = context;
      workspace.ledger.checkIntegrity();
      const target = targetOf(workspace.config);
      using stop = stopSignals((signal) => log.info({ signal }, 'worker.stopping'), clock);
      const parts = {
        ...{ clock, env: context.env, emit: (event: EngineEvent) => logEvent(log, event) },
        follow: workspace.mapping.follow,
        stop: stop.signal,
      };
      const trouble = createTrouble(clock, (error) => log.warn({ error }, 'worker.trouble'));
      await using deliveries = startDeliveries(workspace, parts, { target, trouble });
      log.info({ running: deliveries.running().size }, 'worker.started');
      await aborted(AbortSignal.any([stop.signal, workspace.ledger.damaged]));
      workspace.ledger.damaged.throwIfAborted();
      finish(EXIT.done);
    });
};

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The queue of the process that runs the evenings; QUEUE_UNAVAILABLE when its own Redis is not there. */
function targetOf({ redis, stateDir }: Config): RedisTarget {
  if (redis.url !== undefined) return { url: redis.url };
  if (instanceHolder(stateDir) !== undefined) return { socketPath: join(stateDir, 'redis', 'redis.sock') };
  throw new IngestError('QUEUE_UNAVAILABLE', `nothing runs on the state directory ${stateDir}`, {
    hint: 'A worker helps a running `nightjar serve` or `nightjar run`: start that first.',
  });
}
