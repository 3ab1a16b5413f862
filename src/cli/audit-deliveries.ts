import type { Command } from 'commander';
import { createAuditor } from '../app/auditor.ts';
import { IngestError } from '../core/errors.ts';
import { auditReport } from '../nightly/report-audit.ts';
import { answer } from './answer.ts';
import type { CliContext, GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { openForCommand, optionsOf } from './open.ts';
import { auditLines } from './render-audit.ts';
import type { Finish } from './run-cli.ts';
import { stopSignals } from './stop-signals.ts';

type DeliveriesOptions = GlobalOptions & { readonly batches?: string; readonly seed?: string };

/** Whether destinations still have what was delivered. */
export function addAuditDeliveries(audit: Command, [context, finish]: [CliContext, Finish]): void {
  audit
    .command('deliveries')
    .option('--batches <number>', 'the most batches to ask for; default: audit.batches of nightjar.yaml')
    .option('--seed <text>', 'draws other batches; the same text, the same ones. Default: the day')
    .description('Ask destinations whether a sample of what was delivered is still there.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar audit deliveries\n  nightjar audit deliveries --batches 5 --seed "before the move"\n  nightjar audit deliveries --batches 1000000   # all\n\nThe daemon does this by itself (audit.every of nightjar.yaml). Old and big deliveries are drawn first. What is not\nthere any more is held (EVIDENCE_GONE) and told; nothing is sent again or deleted by itself.\n\nExit code 0: all that was asked for is there; 3: something is not, or could not be told, or there was nothing.',
    )
    .action(async (_options, command) => {
      const options = optionsOf<DeliveriesOptions>(command);
      const batches = options.batches === undefined ? {} : { batches: numberOf(options.batches) };
      const seed = options.seed === undefined ? {} : { seed: options.seed };
      using stop = stopSignals((name) => context.err.write(`\n${name}: stopping.\n`));
      await using workspace = await openForCommand(context, options);
      const { clock, env } = context;
      const since = clock.now();
      const auditor = createAuditor(workspace, { clock, env, emit: () => undefined });
      const of = await auditor.round({ ...batches, ...seed }, stop.signal);
      const report = auditReport(workspace.ledger.reaudits.since(since));
      answer(context, options, { format: 1, of, ...report }, () =>
        [...auditLines(report), sayOthers(of, report)].join('\n'),
      );
      finish(stop.exitCode() ?? (isGood(report) ? EXIT.done : EXIT.attention));
    });
}

/** A sample must not be taken for everything. */
function sayOthers(of: number, { holds, gone, unknown }: ReturnType<typeof auditReport>): string {
  const others = Math.max(0, of - holds - gone.length - unknown.length);
  return `${of} confirmed or verified in all; ${others} were not asked for.`;
}

function isGood({ holds, gone, unknown }: ReturnType<typeof auditReport>): boolean {
  return holds > 0 && gone.length === 0 && unknown.length === 0;
}

function numberOf(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new IngestError('USAGE', `not a number of batches: ${JSON.stringify(text)}`, {
    hint: 'Give a whole number, such as 20.',
  });
}
