import type { Workspace } from '../app/workspace.ts';
import type { DestinationEvent } from '../destinations/with-log.ts';
import { type Log, openLog } from '../log/open-log.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { configOf, openForCommand } from './open.ts';

/** The workspace of a daemon: with its log, which at level debug has every call of a destination. */
export async function openForDaemon(
  context: CliContext,
  options: GlobalOptions,
): Promise<{ readonly workspace: Workspace & AsyncDisposable; readonly log: Log }> {
  const config = configOf(context, options);
  const log = openLog(config.logLevel, context.out);
  const onDestination = ({ event, ...fields }: DestinationEvent): void => log.debug(fields, event);
  return { log, workspace: await openForCommand(context, options, { config, onDestination }) };
}
