import { existsSync } from 'node:fs';
import type { Workspace } from '../app/workspace.ts';
import { ledgerIn } from '../ledger/ledger-place.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { configOf, openForCommand } from './open.ts';

/** The workspace of a command that only asks: the ledger itself, or an empty one in memory where there is none yet. */
export function openToRead(
  context: CliContext,
  options: GlobalOptions,
): Promise<Workspace & AsyncDisposable> {
  const config = configOf(context, options);
  return openForCommand(context, options, {
    config,
    readOnly: !existsSync(ledgerIn(config.stateDir)),
  });
}
