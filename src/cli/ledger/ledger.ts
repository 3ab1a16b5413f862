import type { AddCommand } from '../run-cli.ts';
import { addBackup } from './backup.ts';
import { addLedgerCheck } from './check.ts';
import { addMigrate } from './migrate.ts';

/** The commands about the ledger as a file. */
export const addLedger: AddCommand = (program, context, finish) => {
  const ledger = program
    .command('ledger')
    .description(
      'The ledger as a file: copy it while Nightjar runs, look whether it is whole, bring it forward.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar ledger backup /srv/backup/nightjar-2026-11-22.db\n  nightjar ledger check\n  nightjar ledger migrate --dry-run\n\nNo command mends a damaged ledger: docs/operations.md says how a backup is put in its place.',
    );
  for (const add of [addBackup, addLedgerCheck, addMigrate]) add(ledger, context, finish);
};
