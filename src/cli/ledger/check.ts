import { formatBytes } from '../../core/units.ts';
import { checkLedgerFile } from '../../ledger/ledger-file.ts';
import { SCHEMA_STEPS } from '../../ledger/schema.ts';
import { answer } from '../answer.ts';
import type { GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { configOf, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';

type CheckOptions = GlobalOptions & { readonly quick?: boolean };

export const addLedgerCheck: AddCommand = (program, context, finish) => {
  program
    .command('check')
    .option(
      '--quick',
      'only pages and rows, as at every start; without it every index is held against its table too',
    )
    .description(
      'Read the whole ledger and look whether it is damaged. Nothing is changed, and nothing mended.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar ledger check\n  nightjar ledger check --quick --json\n\nExit code 0: it is whole; 78: it is damaged (LEDGER_CORRUPT). It may be read while Nightjar runs.',
    )
    .action((_options, command) => {
      const options = optionsOf<CheckOptions>(command);
      const depth = options.quick === true ? 'quick' : 'full';
      const { file, bytes, format } = checkLedgerFile(configOf(context, options).stateDir, depth);
      const newest = SCHEMA_STEPS.length;
      answer(context, options, { format: 1, file, bytes, ledgerFormat: format, newest, depth }, () =>
        [
          `${file}: ${formatBytes(bytes)}, format ${format}${format < newest ? `; the next start brings it to ${newest}` : ''}.`,
          depth === 'full' ? 'Every page, row and index is whole.' : 'Every page and row is whole.',
        ].join('\n'),
      );
      finish(EXIT.done);
    });
};
