import { IngestError } from '../core/errors.ts';
import { type DecideOptions, decidePath, listDecisions } from './decide-path.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import type { AddCommand } from './run-cli.ts';

export const addExclude: AddCommand = (program, context, finish) => {
  program
    .command('exclude')
    .argument('[path]', 'a dataset, directory or file: absolute, SHARE:PATH, or below the only share')
    .option('--reason <text>', 'why; everybody who asks is told')
    .option('--yes', 'do it; without it a terminal is asked, and nothing else is changed')
    .option('--dry-run', 'only show what would be left out')
    .description('Leave data out from now on, under a reason; alone: list what is left out by hand.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar exclude SEM1/mueller/run_17 --reason "alignment only"          preview\n  nightjar exclude SEM1/mueller/run_17 --reason "alignment only" --yes\n  nightjar resume path SEM1/mueller/run_17                               take it back\n\nNothing is deleted anywhere: it is counted as excluded under the reason, and what was delivered stays delivered.',
    )
    .action(async (path: string | undefined, _options, command) => {
      const options = optionsOf<DecideOptions>(command);
      if (path === undefined) await listDecisions(context, options, 'exclude');
      else if ((options.reason ?? '').trim() === '') throw withoutReason(path);
      else await decidePath(context, options, { kind: 'exclude', path });
      finish(EXIT.done);
    });
};

function withoutReason(path: string): IngestError {
  return new IngestError('USAGE', 'an exclusion needs a reason: somebody will ask', {
    hint: `nightjar exclude ${path} --reason "why it is left out"`,
  });
}
