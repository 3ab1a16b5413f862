import type { AddCommand } from '../run-cli.ts';
import { addAccept } from './accept.ts';
import { addTokenCheck } from './check.ts';
import { addEnrol } from './enrol.ts';
import { addInspect } from './inspect.ts';
import { addInvite } from './invite.ts';
import { addRemove } from './remove.ts';
import { addRotate } from './rotate.ts';

/** The commands about the owners' credentials. */
export const addToken: AddCommand = (program, context, finish) => {
  const token = program
    .command('token')
    .description(
      "The owners' credentials: get one, let an owner hand one over, look at them, prove them, exchange or remove one.",
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar token enrol mueller\n  nightjar token invite mueller\n  nightjar token inspect\n  nightjar token check\n  nightjar token rotate mueller\n\nNo command shows a token, and none takes one as an argument.',
    );
  for (const add of [addEnrol, addInvite, addAccept, addInspect, addTokenCheck, addRotate, addRemove])
    add(token, context, finish);
};
