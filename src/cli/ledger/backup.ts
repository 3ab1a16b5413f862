import { resolve } from 'node:path';
import { keepOffShares } from '../../app/keep-off-shares.ts';
import { formatBytes } from '../../core/units.ts';
import { backupLedger } from '../../ledger/ledger-file.ts';
import { answer } from '../answer.ts';
import { EXIT } from '../exit-code.ts';
import { configOf, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';

export const addBackup: AddCommand = (program, context, finish) => {
  program
    .command('backup')
    .argument('<file>', 'the copy; there must be no such file yet')
    .description('Copy the ledger as it is at this instant, also while Nightjar runs and writes to it.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar ledger backup /srv/backup/nightjar-2026-11-22.db\n  nightjar ledger backup "/srv/backup/nightjar-$(date +%F).db" --json\n\nThe copy is opened and checked before it gets its name; a copy that was interrupted leaves no file of that name.',
    )
    .action((text: string, _options, command) => {
      const options = optionsOf(command);
      const config = configOf(context, options);
      const target = resolve(text);
      keepOffShares(target, config.shares);
      const { file, bytes, format } = backupLedger(config.stateDir, target);
      answer(
        context,
        options,
        { format: 1, file, bytes, ledgerFormat: format },
        () => `${file}: ${formatBytes(bytes)}, format ${format}. It was opened and is whole.`,
      );
      finish(EXIT.done);
    });
};
