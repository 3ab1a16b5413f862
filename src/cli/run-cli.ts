import { Command, CommanderError } from 'commander';
import { VERSION } from '../app/version.ts';
import { asIngestError, IngestError } from '../core/errors.ts';
import { jsonOf, plainText } from '../core/plain-output.ts';
import { commandsFor } from './commands.ts';
import type { CliContext } from './context.ts';
import { EXIT, exitCodeOfError } from './exit-code.ts';

/** A command that is over answers its exit code. */
export type Finish = (code: number) => void;
export type AddCommand = (program: Command, context: CliContext, finish: Finish) => void;

/** Runs one command line and answers the exit code; every failure is told on standard error, as JSON with --json. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  let code: number = EXIT.done;
  const json = argv.includes('--json');
  const program = new Command('nightjar')
    .description(
      'Every evening: finds what has finished on the instrument share, whose it is, and delivers it.',
    )
    .version(VERSION)
    .option(
      '-c, --config <file>',
      'configuration (default: $NIGHTJAR_CONFIG, ./nightjar.yaml, /etc/nightjar/nightjar.yaml)',
    )
    .option('--json', 'answer as JSON on standard output (docs/json.md)')
    .showHelpAfterError('(nightjar --help lists the commands)')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out.write(plainText(text)),
      // With --json the failure is told as JSON, below.
      writeErr: (text) => (json ? undefined : context.err.write(plainText(text))),
    });
  for (const add of await commandsFor(argv))
    add(program, context, (result) => {
      code = result;
    });
  inheritSettings(program);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError && (thrown.exitCode === 0 || !json))
      return thrown.exitCode === 0 ? EXIT.done : EXIT.usage;
    const error =
      thrown instanceof CommanderError
        ? usageError(thrown)
        : asIngestError(thrown, `run nightjar ${argv[0] ?? ''}`);
    tellError(error, context, json);
    return exitCodeOfError(error);
  }
}

/** Groups of commands too: a failure anywhere is told by us, not by an exit, and names the help that helps. */
function inheritSettings(parent: Command, name = 'nightjar'): void {
  for (const command of parent.commands) {
    const own = `${name} ${command.name()}`;
    command
      .exitOverride()
      .copyInheritedSettings(parent)
      .showHelpAfterError(`(${own} --help says what it takes)`);
    inheritSettings(command, own);
  }
}

function usageError({ message }: CommanderError): IngestError {
  return new IngestError('USAGE', message.replace(/^error: /, ''), {
    hint: '`nightjar --help` lists the commands.',
  });
}

function tellError(error: IngestError, { err, env }: CliContext, json: boolean): void {
  const { code, message, hint, disposition, context } = error;
  if (json) {
    err.write(`${jsonOf({ error: { code, message, hint, disposition, context } })}\n`);
    return;
  }
  const said = `nightjar: ${message}\n  ${code}: ${hint}\n  See docs/errors.md#${code.toLowerCase()}\n`;
  err.write(plainText(said));
  if (code === 'UNEXPECTED' && env['NIGHTJAR_DEBUG'] !== undefined && error.cause instanceof Error)
    err.write(`${error.cause.stack ?? ''}\n`);
}
