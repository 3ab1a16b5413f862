import { IngestError } from '../core/errors.ts';
import { count } from '../core/units.ts';
import type { Audit } from '../ledger/audit.ts';
import { answer } from './answer.ts';
import { addAuditDeliveries } from './audit-deliveries.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { optionsOf } from './open.ts';
import { openToRead } from './open-to-read.ts';
import type { AddCommand } from './run-cli.ts';

type VerifyOptions = GlobalOptions & { readonly head?: string };

/** Whether the history, and what it says of the batches, is as it was recorded. */
export const addAudit: AddCommand = (program, context, finish) => {
  const audit = program
    .command('audit')
    .description('Whether the history is as it was recorded, and deliveries are still there.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar audit deliveries\n  nightjar audit verify\n  nightjar audit verify --head 3f5a…',
    );
  audit
    .command('verify')
    .option('--head <hash>', 'a head that was noted earlier, from a report, the log or a certificate')
    .description('Recompute the chain of all events, and name the first one that does not fit.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar audit verify\n  nightjar audit verify --head 9c1e0b7d2f4a8653   the first 16 digits are enough\n\nWho can write the ledger can make a new chain that fits. That is seen only against a head that was noted where\nthey cannot write: keep that of the evening report. Exit code 0: all fits; 78: it does not (HISTORY_BROKEN).',
    )
    .action(async (_options, command) => {
      const options = optionsOf<VerifyOptions>(command);
      const head = headOf(options.head);
      await using workspace = await openToRead(context, options);
      const audit = workspace.ledger.audit(head);
      refuseBroken(audit, head);
      answer(context, options, auditJson(audit), () => said(audit));
      finish(EXIT.done);
    });
  addAuditDeliveries(audit, [context, finish]);
};

function headOf(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{16,64}$/i.test(text)) return text?.toLowerCase();
  throw new IngestError('USAGE', `not a head of the history: ${JSON.stringify(text)}`, {
    hint: 'It has 64 hexadecimal digits, of which at least the first 16 are needed; reports have it as historyHead.',
  });
}

function refuseBroken({ broken, events, noted }: Audit, head: string | undefined): void {
  if (broken !== undefined) throw brokenAt(`the history does not fit: ${broken.why}`, { row: broken.row });
  if (head === undefined || noted !== undefined) return;
  throw brokenAt(
    `none of the ${count(events, 'event')} has the noted head ${head}: the history before it was changed, or the head was mistyped`,
    {
      head,
    },
  );
}

const brokenAt = (message: string, context: IngestError['context']): IngestError =>
  new IngestError('HISTORY_BROKEN', message, {
    hint: 'Keep a copy of the ledger as it is, and compare it with the newest backup in which the history fits.',
    context,
  });

function auditJson({ events, head, noted, batches }: Audit): object {
  return { format: 1, events, head: head ?? null, batches, noted: noted ?? null };
}

function said({ events, head, noted, batches }: Audit): string {
  const upTo = noted === undefined ? [] : [`Up to event ${noted} it is the history whose head was noted.`];
  return [
    `${count(events, 'event')}, each fits its hash and the one before it; they cover ${count(batches, 'batch', 'batches')}.`,
    ...upTo,
    ...(head === undefined ? [] : [`Head: ${head}`]),
  ].join('\n');
}
