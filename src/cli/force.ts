import { type DecideOptions, decidePath, listDecisions } from './decide-path.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import type { AddCommand } from './run-cli.ts';

export const addForce: AddCommand = (program, context, finish) => {
  program
    .command('force')
    .argument('[path]', 'a dataset, directory or file: absolute, SHARE:PATH, or below the only share')
    .option('--reason <text>', 'why; everybody who asks is told')
    .option('--yes', 'do it; without it a terminal is asked, and nothing else is changed')
    .option('--dry-run', 'only show what would go')
    .description(
      'Send data in the next run although it has not settled, is not complete or is uploaded by hand; alone: list.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar force SEM1/mueller/run_17                               preview\n  nightjar force SEM1/mueller/run_17 --reason "asked for it" --yes\n  nightjar resume path SEM1/mueller/run_17                         take it back\n\nOnce: after the next run everything settles as ever. A file that changes while it is read is still not sent,\nand what is held stays held. What was found uploaded by hand is sent.',
    )
    .action(async (path: string | undefined, _options, command) => {
      const options = optionsOf<DecideOptions>(command);
      if (path === undefined) await listDecisions(context, options, 'force');
      else await decidePath(context, options, { kind: 'force', path });
      finish(EXIT.done);
    });
};
