import { answer } from './answer.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { openForCommand, optionsOf } from './open.ts';
import { previewEvening } from './preview-evening.ts';
import { createProgress } from './progress.ts';
import { planJson, renderPlan } from './render-plan.ts';
import type { AddCommand } from './run-cli.ts';
import { stopSignals } from './stop-signals.ts';

type PlanOptions = GlobalOptions & { readonly batches?: boolean };

export const addPlan: AddCommand = (program, context, finish) => {
  program
    .command('plan')
    .option('--batches', 'list each batch')
    .description('What an evening would do now: the real look and the real planner, and nothing is written.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar plan\n  nightjar plan --batches\n\nFiles count as settled if they would be, should they stay as they are while the evening waits for them.\nTry a changed folders.yaml: nightjar --config copy/nightjar.yaml plan.\n\nExit code 0: looked at every share; 3: a share could not be looked at.',
    )
    .action(async (_options, command) => {
      const options = optionsOf<PlanOptions>(command);
      using stop = stopSignals((name) => context.err.write(`\n${name}: stopping.\n`));
      await using workspace = await openForCommand(context, options, { readOnly: true });
      const progress = createProgress(context, {
        quiet: options.json === true || !context.err.isTTY,
      });
      const preview = await previewEvening(workspace, progress.show, stop.signal);
      progress.end();
      const listBatches = options.batches === true;
      answer(context, options, planJson(preview, { listBatches }), () =>
        renderPlan(preview, { listBatches }, context),
      );
      const failed = preview.shares.some(({ problem }) => problem !== undefined);
      finish(stop.exitCode() ?? (failed ? EXIT.attention : EXIT.done));
    });
};
