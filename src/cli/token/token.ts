import type { AddCommand } from '../run-cli.ts';
import { addTokenCheck } from './check.ts';
import { addEnrol } from './enrol.ts';
import { addInspect } from './inspect.ts';
import { addRotate } from './rotate.ts';

/** The commands about the owners' credentials. */
export const addToken: AddCommand = (program, context, finish) => {
  const token = program
    .command('token')
    .description("The owners' credentials: get one, look at them, prove them, exchange one.")
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar token enrol mueller\n  nightjar token inspect\n  nightjar token check\n  nightjar token rotate mueller\n\nNo command shows a token, and none takes one as an argument.',
    );
  for (const add of [addEnrol, addInspect, addTokenCheck, addRotate]) add(token, context, finish);
};
