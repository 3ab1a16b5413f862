import { answer } from './answer.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT } from './exit-code.ts';
import { noteMapping } from './note-mapping.ts';
import { openForCommand, optionsOf } from './open.ts';
import { planAgainst } from './plan-against.ts';
import { previewEvening } from './preview-evening.ts';
import { createProgress } from './progress.ts';
import { planJson, renderPlan } from './render-plan.ts';
import type { AddCommand } from './run-cli.ts';
import { stopSignals } from './stop-signals.ts';

type PlanOptions = GlobalOptions & { readonly batches?: boolean; readonly against?: string };

export const addPlan: AddCommand = (program, context, finish) => {
  program
    .command('plan')
    .option('--batches', 'list each batch')
    .option('--against <file>', 'who would receive what under this folder mapping, from the last look')
    .description('What an evening would do now: the real look and the real planner, and nothing is written.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar plan\n  nightjar plan --batches\n  nightjar plan --against new-folders.yaml       before a changed mapping is put in place\n\nFiles count as settled if they would be, should they stay as they are while the evening waits for them.\nWith --against the shares are not looked at: it tells from the last look who would receive what.\n\nExit code 0: looked at every share; 3: a share could not be looked at, or delivered data would move.',
    )
    .action(async (_options, command) => {
      const options = optionsOf<PlanOptions>(command);
      using stop = stopSignals((name) => context.err.write(`\n${name}: stopping.\n`));
      await using workspace = await openForCommand(context, options, { readOnly: true });
      noteMapping(context, options, workspace);
      const { against } = options;
      if (against !== undefined) return finish(planAgainst(context, workspace, { ...options, against }));
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
