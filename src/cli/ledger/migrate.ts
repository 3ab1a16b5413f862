import { count, formatBytes } from '../../core/units.ts';
import { checkLedgerFile, type TriedMigration, tryMigration } from '../../ledger/ledger-file.ts';
import { openLedger } from '../../ledger/open-ledger.ts';
import { answer } from '../answer.ts';
import type { GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { configOf, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';

type MigrateOptions = GlobalOptions & { readonly dryRun?: boolean };

export const addMigrate: AddCommand = (program, context, finish) => {
  program
    .command('migrate')
    .option('--dry-run', 'do it to a copy that is thrown away, and say what it did')
    .description('Bring the ledger to the format of this Nightjar, as its next start would.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar ledger migrate --dry-run     before an upgrade is put to work\n  nightjar ledger migrate\n\nIt is copied to ledger-format-N.db beside itself first. Refused while an older Nightjar runs on it.\nThe dry run needs as much room in the state directory as the ledger has.',
    )
    .action((_options, command) => {
      const options = optionsOf<MigrateOptions>(command);
      const { stateDir } = configOf(context, options);
      const dryRun = options.dryRun === true;
      const tried = tryMigration(stateDir);
      if (!dryRun) openLedger(stateDir).close();
      if (!dryRun) checkLedgerFile(stateDir, 'quick');
      answer(context, options, { format: 1, dryRun, ...tried }, () => said(tried, dryRun));
      finish(EXIT.done);
    });
};

function said({ from, to, adds, bytes }: TriedMigration, dryRun: boolean): string {
  if (from === to) return `The ledger has format ${to} already; there is nothing to do.`;
  const steps = `from format ${from} to ${to} (${count(to - from, 'step')})`;
  const lines = adds.map((part) => `  adds ${part}`);
  if (!dryRun)
    return [`The ledger was brought ${steps}; ledger-format-${from}.db is what it was.`, ...lines].join('\n');
  return [
    `A copy was brought ${steps}, and is whole; the ledger itself was not changed.`,
    ...lines,
    `It has ${formatBytes(bytes)} then. The next start does this, and keeps ledger-format-${from}.db first.`,
  ].join('\n');
}
