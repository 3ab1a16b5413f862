import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tokenRef } from '../../app/owner-token.ts';
import { createTokenStore } from '../../credentials/read-token.ts';
import { answer } from '../answer.ts';
import type { GlobalOptions } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { openForCommand, optionsOf } from '../open.ts';
import type { AddCommand } from '../run-cli.ts';
import { ownerCalled } from './which.ts';

type RemoveOptions = GlobalOptions & { readonly yes?: boolean };

export const addRemove: AddCommand = (program, context, finish) => {
  program
    .command('remove')
    .argument('<owner>', 'whose token')
    .option('--yes', 'do it; without, only say what would be done')
    .description(
      'Remove the token of an owner from this host. The platform keeps it until it is ended there.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  nightjar token remove mueller\n  nightjar token remove mueller --yes\n\nData of the owner is held from then on. A token from systemd credentials is removed in the unit.',
    )
    .action(async (name: string, _options, command) => {
      const options = optionsOf<RemoveOptions>(command);
      await using workspace = await openForCommand(context, options);
      const { config, ledger } = workspace;
      const owner = ownerCalled(config, name);
      const token = tokenRef(config, owner, 'nomad')?.token ?? String(owner);
      const file = join(config.credentials.dir, token);
      const store = createTokenStore({ dir: config.credentials.dir, env: {} });
      const isThere = (await store.check(token))?.code !== 'TOKEN_MISSING';
      const pat = ledger.credentials.find(token)?.remoteId;
      const done = options.yes === true && isThere;
      if (done) {
        await rm(file);
        ledger.credentials.forget(token);
      }
      answer(context, options, { format: 1, owner, name: token, file, found: isThere, done }, () =>
        isThere ? sentence({ owner, file, done, pat }) : `There is no token of ${owner} in ${file}.`,
      );
      finish(EXIT.done);
    });
};

type Removal = {
  readonly owner: string;
  readonly file: string;
  readonly done: boolean;
  readonly pat: string | undefined;
};

function sentence({ owner, file, done, pat }: Removal): string {
  const there =
    pat === undefined
      ? 'The platform still takes it: an upload token ends only when the operator of the platform ends all of them.'
      : `The platform still takes it until the personal access token ${pat} is revoked there.`;
  return done
    ? `Removed ${file}. Data of ${owner} is held from now on. ${there}`
    : `Would remove ${file}; data of ${owner} is held from then on. ${there}\nDo it with: nightjar token remove ${owner} --yes`;
}
