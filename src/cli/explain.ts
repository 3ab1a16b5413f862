import { answer } from './answer.ts';
import { askedPath, seenPath } from './asked-path.ts';
import { EXIT } from './exit-code.ts';
import { explainPath } from './explain-path.ts';
import { noteMapping } from './note-mapping.ts';
import { optionsOf } from './open.ts';
import { openToRead } from './open-to-read.ts';
import { explanationJson, renderExplanation } from './render-explanation.ts';
import type { AddCommand } from './run-cli.ts';
import { tonight } from './tonight.ts';

export const addExplain: AddCommand = (program, context, finish) => {
  program
    .command('explain')
    .argument('<path>', 'a file or directory: absolute, SHARE:PATH, or below the only share')
    .description('Whose a path is and why, how far it has come, and what happens to it next.')
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar explain /mnt/instruments/SEM1/mueller/run_17/img_001.tif\n  nightjar explain lab:SEM1/mueller/run_17\n\nThe path need not exist yet. Bytes outside UTF-8 are written as they are shown: K\\xf6rner.tif.',
    )
    .action(async (text: string, _options, command) => {
      const options = optionsOf(command);
      await using workspace = await openToRead(context, options);
      noteMapping(context, options, workspace);
      const asked = askedPath(text, workspace.config.shares, process.cwd());
      const explanation = explainPath(workspace, seenPath(workspace.ledger, asked));
      const now = context.clock.now();
      const next = tonight(explanation, workspace.config, now);
      answer(context, options, explanationJson(explanation, next), () =>
        renderExplanation(explanation, next, { out: context.out, now }),
      );
      finish(EXIT.done);
    });
};
