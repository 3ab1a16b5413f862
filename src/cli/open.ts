import type { Command } from 'commander';
import { VERSION } from '../app/version.ts';
import { openWorkspace, type Workspace } from '../app/workspace.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { createHttpClient } from '../http/http-client.ts';
import type { CliContext, GlobalOptions } from './context.ts';

/** The options of a command together with those of `nightjar` itself. */
export function optionsOf<T extends object>(command: Command): T & GlobalOptions {
  return command.optsWithGlobals<T & GlobalOptions>();
}

export function configOf({ env, home }: CliContext, options: GlobalOptions): Config {
  return loadConfig({ env, home, file: options.config });
}

/** The workspace a command works on. `readOnly`: nothing is written anywhere. */
export async function openForCommand(
  context: CliContext,
  options: GlobalOptions,
  {
    readOnly = false,
    config = configOf(context, options),
  }: { readonly readOnly?: boolean; readonly config?: Config } = {},
): Promise<Workspace & AsyncDisposable> {
  await Promise.resolve();
  const http = createHttpClient({ userAgent: `Nightjar/${VERSION}`, clock: context.clock });
  try {
    const workspace = openWorkspace(config, { clock: context.clock, http, readOnly });
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
