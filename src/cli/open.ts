import type { Command } from 'commander';
import { loadConfigInForce } from '../app/load-config-in-force.ts';
import { userAgentOf } from '../app/user-agent.ts';
import { openWorkspace, type Workspace } from '../app/workspace.ts';
import type { Config } from '../config/config.ts';
import type { DestinationEvent } from '../destinations/with-log.ts';
import { createHttpClient } from '../http/http-client.ts';
import type { CliContext, GlobalOptions } from './context.ts';

/** The options of a command together with those of `nightjar` itself. */
export function optionsOf<T extends object>(command: Command): T & GlobalOptions {
  return command.optsWithGlobals<T & GlobalOptions>();
}

export function configOf({ env, home }: CliContext, options: GlobalOptions): Config {
  return loadConfigInForce({ env, home, file: options.config });
}

type Opening = {
  /** Nothing is written anywhere. */
  readonly readOnly?: boolean;
  readonly config?: Config;
  readonly onDestination?: (event: DestinationEvent) => void;
};

/** The workspace a command works on, and the HTTP client behind it; both end with it. */
export async function openForCommand(
  context: CliContext,
  options: GlobalOptions,
  { readOnly = false, config = configOf(context, options), onDestination }: Opening = {},
): Promise<Workspace & AsyncDisposable> {
  const { clock } = context;
  const http = createHttpClient({ userAgent: userAgentOf(config), clock });
  try {
    const workspace = openWorkspace(config, { clock, http, env: context.env, readOnly, onDestination });
    await workspace.renew();
    return {
      ...workspace,
      [Symbol.asyncDispose]: async () => {
        workspace[Symbol.dispose]();
        await http.close();
      },
    };
  } catch (error) {
    await http.close();
    throw error;
  }
}
