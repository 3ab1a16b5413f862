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
      '\nExamples:\n  nightjar token remove mueller\n  nightjar token remove mueller --yes\n\nData of the owner is held from then on, but for one who uploads by hand. A token from systemd credentials is removed in the unit.',
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
      const isManual = config.mapping.owners.find(({ id }) => id === owner)?.manual === true;
      const done = options.yes === true && isThere;
      if (done) {
        await rm(file);
        ledger.credentials.forget(token);
      }
      answer(context, options, { format: 1, owner, name: token, file, found: isThere, done }, () =>
        isThere
          ? sentence({ owner, file, done, pat, isManual })
          : `There is no token of ${owner} in ${file}.`,
      );
      finish(EXIT.done);
    });
};

type Removal = {
  readonly owner: string;
  readonly file: string;
  readonly done: boolean;
  readonly pat: string | undefined;
  /** Uploads by hand: nothing is delivered for this owner, with a token or without. */
  readonly isManual: boolean;
};

function sentence({ owner, file, done, pat, isManual }: Removal): string {
  const there =
    pat === undefined
      ? 'The platform still takes it: an upload token ends only when the operator of the platform ends all of them.'
      : `The platform still takes it until the personal access token ${pat} is revoked there.`;
  const data = isManual
    ? `${owner} uploads by hand, so nothing changes for the data.`
    : `Data of ${owner} is held from then on.`;
  return done
    ? `Removed ${file}. ${data} ${there}`
    : `Would remove ${file}. ${data} ${there}\nDo it with: nightjar token remove ${owner} --yes`;
}
